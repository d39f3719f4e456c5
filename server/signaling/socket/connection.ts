// One WebSocket: framing, order, rates, heartbeat. It knows nothing of rooms.
import type { RawData, WebSocket } from 'ws';
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import { CLOSE_CODES, eventFrame } from '../../../shared/protocol/protocol.ts';
import { errorBody, parse, parseJson, Request } from '../../../shared/protocol/rpc.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { Address } from './addresses.ts';
import { TokenBucket } from './token-bucket.ts';

export interface ConnectionOptions {
  limits: Config['limits'];
  timing: Config['timing'];
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/** What a request is answered with, and what is to happen once the answer is on its way. */
export interface Reply {
  result: unknown;
  afterwards?: () => void;
}

export interface ConnectionHandler {
  /** Requests come one after the other, in the order they were sent. */
  request(method: string, params: unknown): Promise<Reply>;
  /** Once, when the socket is gone for whatever reason. */
  closed(): void;
}

/** Heartbeats a socket may miss. One may be lost to a short stall; two are silence. */
const MISSED_HEARTBEATS = 2;
/** How long a closing handshake may take before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Refusals that say nothing about the client: over a long call an honest one may meet many. */
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

export class Connection {
  /** Where it comes from. */
  readonly address: Address;
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #handler: ConnectionHandler;
  readonly #bucket: TokenBucket;
  readonly #release: () => void;
  readonly #heartbeat: Timer;
  #cut: Timer | undefined;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #missed = 0;
  #refused = 0;
  #closed = false;
  #ending = false;

  constructor(
    socket: WebSocket,
    address: Address,
    options: ConnectionOptions,
    handlerOf: (connection: Connection) => ConnectionHandler,
  ) {
    const { limits, timing, resources } = options;
    this.address = address;
    this.#socket = socket;
    this.#options = options;
    this.#bucket = new TokenBucket(
      limits.messagesPerSecond,
      limits.messageBurst,
      performance.now(),
    );
    const releases = [resources.open('socket'), address.holdSocket()];
    this.#release = () => {
      for (const release of releases) release();
    };
    this.#heartbeat = resources.every(timing.heartbeatMs, () => this.#beat());
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#missed = 0;
    });
    socket.on('error', (error) => options.log.debug({ err: error }, 'socket error'));
    socket.once('close', () => this.#onClose());
    this.#handler = handlerOf(this);
  }

  get closed(): boolean {
    return this.#closed || this.#ending;
  }

  /** @param frame JSON; given as text, so that a frame to many is made once */
  send(frame: string): void {
    if (this.closed) return;
    if (this.#socket.bufferedAmount > this.#options.limits.sendBufferBytes) {
      // A goodbye would only wait behind the rest. The client reconnects and gets the state.
      this.#options.log.info('a socket did not read fast enough and was closed');
      this.#socket.terminate();
      return;
    }
    this.#socket.send(frame);
  }

  /** Says why, then closes. With `reconnect` the client comes back elsewhere. Idempotent. */
  end(error: ParleyError, { reconnect }: { reconnect: boolean }): void {
    if (this.closed) return;
    this.send(eventFrame('bye', { error: errorBody(error), reconnect }));
    this.close(reconnect ? CLOSE_CODES.goingAway : CLOSE_CODES.sessionEnded, error.code);
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    this.#ending = true;
    this.#socket.close(code, reason);
    this.#cut = this.#options.resources.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate());
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeat.close();
    this.#cut?.close();
    this.#release();
    this.#handler.closed();
  }

  #beat(): void {
    this.#missed += 1;
    if (this.#missed > MISSED_HEARTBEATS) this.#socket.terminate();
    else this.#socket.ping();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.closed) return;
    this.#missed = 0;
    let id = idAtStart(data);
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
      this.#refuse(id, ParleyError.from(error));
    }
  }

  #enqueue(request: Request): void {
    if (request.method === 'ping') {
      // Answered at once: it tells a dead server from one that is busy.
      this.send(JSON.stringify({ id: request.id, result: {} }));
      return;
    }
    this.#waiting += 1;
    this.#queue = this.#queue.then(() => this.#handle(request));
  }

  async #handle({ id, method, params }: Request): Promise<void> {
    this.#waiting -= 1;
    // After `bye` nothing is done, and of a closed socket only its `leave`, which may have waited here
    // behind a slower request.
    if (this.#ending || (this.#closed && method !== 'leave')) return;
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
 * The id of a message that will not be read, if it begins with it, as our own clients' do: the client
 * that waits for an answer hears that there is none.
 */
function idAtStart(data: RawData): number | null {
  const start = Buffer.isBuffer(data) ? data.toString('latin1', 0, 32) : '';
  const digits = /^\{"id":(\d{1,15})[,}]/.exec(start)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The id of a message that may be malformed otherwise, so that its sender learns which it was. */
function requestId(message: unknown): number | null {
  if (typeof message !== 'object' || message === null || !('id' in message)) return null;
  return Number.isSafeInteger(message.id) ? (message.id as number) : null;
}

function byteLength(data: RawData): number {
  if (Array.isArray(data)) return data.reduce((sum, part) => sum + part.byteLength, 0);
  return data.byteLength;
}
