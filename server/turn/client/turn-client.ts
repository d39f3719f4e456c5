// A TURN client (RFC 8656) for checks: one allocation, its permissions, and the data through it.
import { isIP } from 'node:net';
import {
  ATTRIBUTE,
  addressOf,
  encodeStun,
  METHOD,
  newTransactionId,
  peerAddress,
  type StunMessage,
  uint32,
} from './stun-message.ts';
import type { TransportAddress } from './stun-message-address.ts';
import { TURN_FRAMING } from './stun-stream.ts';
import { TurnError } from './turn-client-error.ts';
import { Link } from './turn-client-link.ts';
import { SignedRequests } from './turn-client-requests.ts';
import { resolveHost } from './turn-client-resolve.ts';
import { Transactions } from './turn-client-transactions.ts';
import { parseTurnUrl, type TurnUrl } from './turn-url.ts';

export interface OpenOptions {
  url: string;
  username: string;
  credential: string;
  /** For name, connection and allocation together. Milliseconds. */
  timeoutMs: number;
  /** Authorities (PEM) to trust besides the usual ones. */
  tlsCa?: string | undefined;
  /** Family of the relayed address. IPv4 unless given, as for browsers. */
  family?: 4 | 6;
}

export interface RelayListener {
  /** Data from a peer. */
  data(data: Buffer, from: TransportAddress): void;
  /** The allocation ended, or was closed. No data will come any more. */
  end(reason: TurnError): void;
}

const UDP_PROTOCOL = 17;
const FAMILY = { 4: 1, 6: 2 } as const;
/** Releasing an allocation is a courtesy: it would end by itself in ten minutes. */
const CLOSE_TIMEOUT_MS = 250;

export class TurnAllocation {
  readonly #requests: SignedRequests;
  readonly #link: Link;
  readonly #options: OpenOptions;
  #closing: Promise<void> | undefined;
  #allocated: { mapped: TransportAddress; relayed: TransportAddress; roundTripMs: number };
  readonly #listeners = new Set<RelayListener>();

  private constructor(options: OpenOptions, link: Link) {
    this.#options = options;
    this.#link = link;
    const transactions = new Transactions(link);
    transactions.onIndication = (message) => this.#receive(message);
    transactions.onEnd = (reason) => this.#end(reason);
    this.#requests = new SignedRequests(transactions, options);
    this.#allocated = {
      mapped: { address: '', port: 0 },
      relayed: { address: '', port: 0 },
      roundTripMs: 0,
    };
  }

  /** @throws TurnError */
  static async open(options: OpenOptions): Promise<TurnAllocation> {
    const deadline = performance.now() + options.timeoutMs;
    const url = parseTurnUrl(options.url);
    if (!url?.scheme.startsWith('turn')) {
      throw new TurnError('unsupported', 'This is not the address of a TURN server.');
    }
    if (url.scheme === 'turns' && url.transport === 'udp') {
      throw new TurnError(
        'unsupported',
        'TURN over DTLS (turns: with transport=udp) is not known.',
      );
    }
    let refused: unknown;
    for (const address of await resolveHost(url.host, options.timeoutMs)) {
      try {
        return await TurnAllocation.#openAt(address, url, options, deadline);
      } catch (error) {
        // Another address of the name may serve. One that answered, or kept silent, decides.
        if (!(error instanceof TurnError && error.failure === 'refused_connection')) throw error;
        refused ??= error;
      }
    }
    throw refused;
  }

  static async #openAt(
    address: string,
    url: TurnUrl,
    options: OpenOptions,
    deadline: number,
  ): Promise<TurnAllocation> {
    const link = await Link.open({
      to: { address, port: url.port },
      protocol: url.scheme === 'turns' ? 'tls' : url.transport,
      framing: TURN_FRAMING,
      servername: isIP(url.host) > 0 ? undefined : url.host,
      tlsCa: options.tlsCa,
      timeoutMs: left(deadline),
    });
    const allocation = new TurnAllocation(options, link);
    try {
      await allocation.#allocate(deadline);
      return allocation;
    } catch (error) {
      // The server's answer may be lost: it would keep the allocation for ten minutes.
      const isLost = error instanceof TurnError && error.failure === 'timeout';
      if (isLost && allocation.#requests.isChallenged) void allocation.close();
      else allocation.#end();
      throw error;
    }
  }

  /** Our address as the server sees it. */
  get mapped(): TransportAddress {
    return this.#allocated.mapped;
  }

  /** Peers see our packets come from here. */
  get relayed(): TransportAddress {
    return this.#allocated.relayed;
  }

  /** Round trip of the last Allocate request, in milliseconds. */
  get roundTripMs(): number {
    return this.#allocated.roundTripMs;
  }

  /**
   * Lets this address send to us, and us to it, for five minutes.
   *
   * @throws TurnError
   */
  async createPermission(address: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await this.#requests.request(
      METHOD.createPermission,
      `to relay to ${address}`,
      deadline,
      (id) => [peerAddress({ address, port: 0 }, id)],
    );
  }

  /** The datagram may get lost. */
  send(data: Buffer, to: TransportAddress): void {
    const transactionId = newTransactionId();
    this.#link.send(
      encodeStun({
        method: METHOD.send,
        class: 'indication',
        transactionId,
        attributes: [peerAddress(to, transactionId), [ATTRIBUTE.data, data]],
      }),
    );
  }

  /** Receives data from peers through the relay, until `signal` is aborted. */
  listen(signal: AbortSignal, listener: RelayListener): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }

  /** Gives the allocation back and closes the socket. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#giveBack().finally(() => this.#end());
    return this.#closing;
  }

  async #giveBack(): Promise<void> {
    const deadline = performance.now() + CLOSE_TIMEOUT_MS;
    const lifetime = [ATTRIBUTE.lifetime, uint32(0)] as const;
    try {
      await this.#requests.request(METHOD.refresh, 'to end the allocation', deadline, () => [
        lifetime,
      ]);
    } catch (error) {
      if (!(error instanceof TurnError)) throw error;
    }
  }

  #end(reason = new TurnError('protocol', 'The allocation is closed.')): void {
    this.#requests.close(reason);
    this.#link.close();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.end(reason);
  }

  async #allocate(deadline: number): Promise<void> {
    const { family } = this.#options;
    const { message, roundTripMs } = await this.#requests.request(
      METHOD.allocate,
      'for an allocation',
      deadline,
      () => [
        [ATTRIBUTE.requestedTransport, Buffer.of(UDP_PROTOCOL, 0, 0, 0)],
        ...(family === undefined
          ? []
          : ([[ATTRIBUTE.requestedAddressFamily, Buffer.of(FAMILY[family], 0, 0, 0)]] as const)),
      ],
    );
    const mapped = addressOf(message, ATTRIBUTE.xorMappedAddress);
    const relayed = addressOf(message, ATTRIBUTE.xorRelayedAddress);
    if (!mapped || !relayed) {
      throw new TurnError('protocol', 'The TURN server granted an allocation without its address.');
    }
    this.#allocated = { mapped, relayed, roundTripMs };
  }

  #receive(message: StunMessage): void {
    const from = addressOf(message, ATTRIBUTE.xorPeerAddress);
    const data = message.attributes.get(ATTRIBUTE.data);
    if (message.method !== METHOD.data || !from || !data) return;
    for (const listener of [...this.#listeners]) listener.data(data, from);
  }
}

/** Milliseconds; a timer wants at least one. */
function left(deadline: number): number {
  return Math.max(1, deadline - performance.now());
}
