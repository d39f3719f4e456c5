// Requests and their answers over one link: matched by id, sent again where packets get lost.
import { newTransactionId, parseStun, type StunMessage } from './stun-message.ts';
import { TurnError } from './turn-client-error.ts';
import type { Link } from './turn-client-link.ts';

/** RFC 8489 §6.2.1: the first repetition after RTO, each further one after twice as long. */
const RTO_MS = 500;
const MAX_SENT = 7;

export interface Ask {
  encode(transactionId: Buffer): Buffer;
  /** Whether this answer can be believed. One that cannot is ignored (RFC 8489 §9.2.5). */
  accepts(answer: StunMessage): boolean;
  timeoutMs: number;
}

export interface Answer {
  message: StunMessage;
  /** From the last time it was sent; milliseconds. */
  roundTripMs: number;
}

interface Pending {
  packet: Buffer;
  ask: Ask;
  sent: number;
  sentAt: number;
  /** An answer with its id came and was not believed. */
  doubted: boolean;
  result: PromiseWithResolvers<Answer>;
  repetition: NodeJS.Timeout | undefined;
  end: NodeJS.Timeout | undefined;
}

export class Transactions {
  readonly #link: Link;
  readonly #pending = new Map<string, Pending>();
  #ended: TurnError | undefined;
  /** Messages that are no answers. */
  onIndication: (message: StunMessage) => void = () => {};
  /** The link broke. */
  onEnd: (reason: TurnError) => void = () => {};

  constructor(link: Link) {
    this.#link = link;
    link.onPacket = (packet) => this.#receive(packet);
    link.onEnd = (error) => {
      this.close(error);
      this.onEnd(error);
    };
  }

  /** @throws TurnError `timeout`, or why the link broke */
  request(ask: Ask): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended);
    const transactionId = newTransactionId();
    const key = transactionId.toString('hex');
    const pending: Pending = {
      packet: ask.encode(transactionId),
      ask,
      sent: 0,
      sentAt: 0,
      doubted: false,
      result: Promise.withResolvers(),
      repetition: undefined,
      end: undefined,
    };
    this.#pending.set(key, pending);
    pending.end = setTimeout(() => {
      this.#take(key)?.result.reject(
        pending.doubted
          ? new TurnError('protocol', 'The answers are not signed with the password used.')
          : new TurnError('timeout', 'The TURN server does not answer.'),
      );
    }, ask.timeoutMs);
    this.#send(pending);
    return pending.result.promise;
  }

  /** Fails what is under way. */
  close(reason: TurnError): void {
    this.#ended ??= reason;
    for (const key of [...this.#pending.keys()]) this.#take(key)?.result.reject(reason);
  }

  #send(pending: Pending): void {
    pending.sent += 1;
    pending.sentAt = performance.now();
    if (this.#link.protocol === 'udp' && pending.sent < MAX_SENT) {
      const delayMs = RTO_MS * 2 ** (pending.sent - 1);
      pending.repetition = setTimeout(() => this.#send(pending), delayMs);
    }
    this.#link.send(pending.packet);
  }

  #receive(packet: Buffer): void {
    const message = parseStun(packet);
    if (!message) return;
    if (message.class === 'indication') this.onIndication(message);
    if (message.class === 'indication' || message.class === 'request') return;
    const key = message.transactionId.toString('hex');
    const pending = this.#pending.get(key);
    if (!pending) return;
    if (!pending.ask.accepts(message)) {
      pending.doubted = true;
      return;
    }
    const roundTripMs = performance.now() - pending.sentAt;
    this.#take(key)?.result.resolve({ message, roundTripMs });
  }

  #take(key: string): Pending | undefined {
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    clearTimeout(pending?.repetition);
    clearTimeout(pending?.end);
    return pending;
  }
}
