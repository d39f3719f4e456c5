// One WebSocket: framing, order, rates, heartbeat. It knows nothing of rooms.
import type { RawData, WebSocket } from 'ws';
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import { CLOSE_CODES, eventFrame, type Feature } from '../../../shared/protocol/protocol.ts';
import { errorBody, parse, parseJson, Request } from '../../../shared/protocol/rpc.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { Address } from './addresses.ts';
import type { Compression } from './compression.ts';
import type { Beating, Heartbeats } from './heartbeats.ts';
import { TokenBucket } from './token-bucket.ts';

export interface ConnectionOptions {
  limits: Config['limits'];
  heartbeats: Heartbeats;
  compression: Compression;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

export interface Reply {
  result: unknown;
  /** Runs after the result was sent. */
  afterwards?: () => void;
}

export interface ConnectionHandler {
  /** Requests come one after the other, in the order they were sent. */
  request(method: string, params: unknown): Promise<Reply>;
  /** What the answer of a `ping` says. */
  pong?(): object;
  /** Once, when the socket is gone for whatever reason. */
  closed(): void;
}

/** Heartbeats a socket may miss. One may be lost to a short stall; two are silence. */
const MISSED_HEARTBEATS = 2;
/** How long a closing handshake may take before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Refusals that say nothing about the client. An honest client may meet many of them in a long call. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  'unavailable',
  'timeout',
  'internal',
  'no_capacity',
  'shutting_down',
  'too_many_from_address',
  'session_lost',
  'session_replaced',
] satisfies ErrorCode[]);

type ConnectionState =
  | { readonly name: 'open' }
  /** The server has closed the socket. The timer cuts it if the client does not answer. */
  | { readonly name: 'closing'; readonly cut: Timer }
  | { readonly name: 'closed'; readonly byServer: boolean };

export class Connection implements Beating {
  /** The address of the client, or of the proxy in front of it. */
  readonly address: Address;
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #handler: ConnectionHandler;
  readonly #bucket: TokenBucket;
  readonly #release: () => void;
  #state: ConnectionState = { name: 'open' };
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #missed = 0;
  /** The client has said something since the last heartbeat. */
  #spoke = false;
  #refused = 0;
  #inflates = false;

  constructor(
    socket: WebSocket,
    address: Address,
    handlerOf: (connection: Connection) => ConnectionHandler,
    options: ConnectionOptions,
  ) {
    const { limits, heartbeats, resources } = options;
    this.address = address;
    this.#socket = socket;
    this.#options = options;
    this.#bucket = new TokenBucket(
      limits.messagesPerSecond,
      limits.messageBurst,
      performance.now(),
    );
    const releases = [resources.open('socket'), address.countSocket(), heartbeats.add(this)];
    this.#release = () => {
      for (const release of releases) release();
    };
    this.#handler = handlerOf(this);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#missed = 0;
    });
    socket.on('error', (error) => {
      options.log.debug({ err: error }, 'socket error');
      socket.terminate();
    });
    socket.once('close', () => this.#onClose());
  }

  get closed(): boolean {
    return this.#state.name !== 'open';
  }

  /** What the client understands: frames are sent so from now on. */
  understands(features: readonly string[]): void {
    this.#inflates = features.includes('deflate' satisfies Feature);
  }

  /** @param frame JSON; given as text, so that a frame to many is made once */
  send(frame: string): void {
    if (this.closed) return;
    if (this.#socket.bufferedAmount > this.#options.limits.sendBufferBytes) {
      // An error would wait behind the other frames. The client reconnects and asks for the state.
      this.#options.log.info('a socket did not read fast enough and was closed');
      this.#socket.terminate();
      return;
    }
    this.#socket.send(this.#inflates ? this.#options.compression.of(frame) : frame);
  }

  /** Sends the error, then closes. With `reconnect` the client comes back at another replica. Idempotent. */
  end(error: ParleyError, { reconnect }: { reconnect: boolean }): void {
    if (this.closed) return;
    this.send(eventFrame('bye', { error: errorBody(error), reconnect }));
    this.close(reconnect ? CLOSE_CODES.goingAway : CLOSE_CODES.sessionEnded, error.code);
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    const { resources } = this.#options;
    const cut = resources.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate());
    this.#state = { name: 'closing', cut };
    this.#socket.close(code, reason);
  }

  #onClose(): void {
    const before = this.#state;
    if (before.name === 'closed') return;
    this.#state = { name: 'closed', byServer: before.name === 'closing' };
    if (before.name === 'closing') before.cut.close();
    this.#release();
    this.#handler.closed();
  }

  /**
   * A client that has said something since the last heartbeat is there: its own pings are the heartbeat. Others
   * are pinged.
   */
  beat(): void {
    this.#missed += 1;
    if (this.#missed > MISSED_HEARTBEATS) this.#socket.terminate();
    else if (!this.#spoke) this.#socket.ping();
    this.#spoke = false;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.closed) return;
    this.#missed = 0;
    this.#spoke = true;
    let id: number | null | undefined;
    try {
      const size = byteLength(data);
      if (!this.#bucket.take(performance.now())) {
        throw new ParleyError('rate_limited', { retryAfterMs: this.#bucket.waitMs });
      }
      if (size > this.#options.limits.messageBytes) throw new ParleyError('message_too_large');
      if (isBinary) throw new ParleyError('bad_message', { message: 'Messages are JSON text.' });
      const message = parseJson(String(data));
      id = requestId(message);
      const request = parse(Request, message);
      if (this.#waiting >= this.#options.limits.messageBurst) {
        throw new ParleyError('rate_limited', { retryAfterMs: 1_000 });
      }
      this.#enqueue(request);
    } catch (error) {
      this.#refuse(id === undefined ? idAtStart(data) : id, ParleyError.from(error));
    }
  }

  #enqueue(request: Request): void {
    if (request.method === 'ping') {
      // The answer does not wait behind other requests: it shows that a busy server is alive.
      this.send(JSON.stringify({ id: request.id, result: this.#handler.pong?.() ?? {} }));
      return;
    }
    this.#waiting += 1;
    this.#queue = this.#queue.then(() => this.#handle(request));
  }

  async #handle({ id, method, params }: Request): Promise<void> {
    this.#waiting -= 1;
    if (!this.#mayHandle(method)) return;
    const { metrics, log } = this.#options;
    const stop = metrics.requests.startTimer();
    try {
      const { result, afterwards } = await this.#handler.request(method, params);
      this.send(JSON.stringify({ id, result }));
      stop({ method, outcome: 'ok' });
      afterwards?.();
    } catch (cause) {
      const error = ParleyError.from(cause);
      const known = error.code !== 'unknown_method';
      stop({ method: known ? method : 'unknown', outcome: error.code });
      if (error.code === 'internal') log.error({ err: error, method }, 'a request failed');
      this.#refuse(id, error);
    }
  }

  /** A client that has closed its socket wants one thing more: a `leave` that waited behind a slower request. */
  #mayHandle(method: string): boolean {
    const state = this.#state;
    return (
      state.name === 'open' || (state.name === 'closed' && !state.byServer && method === 'leave')
    );
  }

  #refuse(id: number | null, error: ParleyError): void {
    this.#options.metrics.refused.inc({ code: error.code });
    this.send(JSON.stringify({ id, error: errorBody(error) }));
    if (!OUR_FAULT.has(error.code)) this.#refused += 1;
    if (this.#refused >= this.#options.limits.refusedMessages) {
      this.close(CLOSE_CODES.abuse, 'too many refused messages');
    }
  }
}

/**
 * The id of a message that is refused unread, so that the client can refuse its own request. Messages of our
 * clients begin with the id.
 */
function idAtStart(data: RawData): number | null {
  const start = Buffer.isBuffer(data) ? data.toString('latin1', 0, 32) : '';
  const digits = /^\{"id":(\d{1,15})[,}]/.exec(start)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The id of a message that may be malformed otherwise: the refusal names it. */
function requestId(message: unknown): number | null {
  if (typeof message !== 'object' || message === null || !('id' in message)) return null;
  return Number.isSafeInteger(message.id) ? (message.id as number) : null;
}

function byteLength(data: RawData): number {
  if (Array.isArray(data)) return data.reduce((sum, part) => sum + part.byteLength, 0);
  return data.byteLength;
}
