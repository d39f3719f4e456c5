// One WebSocket to the server: requests with their replies, events, and detection of a dead path.
import { ParleyError } from '../../../shared/errors.ts';
import {
  EVENTS,
  type EventName,
  type EventPayload,
  METHODS,
  type MethodName,
  type MethodParams,
  type MethodResult,
} from '../../../shared/protocol/protocol.ts';
import type { RoomSize } from '../../../shared/protocol/roster-messages.ts';
import { errorFromBody, parse, parseJson, ServerFrame } from '../../../shared/protocol/rpc.ts';
import { inflate } from './compression.ts';
import { takeSocket } from './warm-socket.ts';

/** A working server answers within a second; a mobile network may add a few. */
const REPLY_TIMEOUT_MS = 10_000;
/** Silence longer than this plus the timeout below means a dead path. TCP reports it much later. */
const PING_PERIOD_MS = 5_000;
const PING_TIMEOUT_MS = 4_000;
/** For a suspicion: media has lost its path, perhaps with the whole network. */
const DOUBT_TIMEOUT_MS = 2_000;
const OPEN_TIMEOUT_MS = 10_000;
/** A working server answers a closing handshake as fast as a ping. */
const CLOSE_TIMEOUT_MS = 3_000;
/** Normal closure, RFC 6455 §7.4.1. */
const CLOSE_NORMAL = 1000;

export interface SocketListener {
  onEvent<K extends EventName>(event: K, data: EventPayload<K>): void;
  /** The size of a large room, which comes with the answer of a ping. */
  onSize(size: RoomSize): void;
  /** Called once, when the socket ended without `close()`. */
  onLost(): void;
}

interface Waiting {
  method: MethodName;
  resolve(result: unknown): void;
  reject(error: ParleyError): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Socket {
  readonly #socket: WebSocket;
  readonly #listener: SocketListener;
  readonly #waiting = new Map<number, Waiting>();
  #pings: ReturnType<typeof setInterval> | undefined;
  #inbox: Promise<void> = Promise.resolve();
  #nextId = 1;
  #heardAt = Date.now();
  #closed = false;

  private constructor(socket: WebSocket, listener: SocketListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      // Node delivers all messages of one packet in one turn. Code that awaits an answer has to run before the
      // messages after it. Those after a compressed one wait until it is inflated.
      this.#inbox = this.#inbox.then(() =>
        typeof data === 'string' ? this.#receive(data) : this.#inflate(data),
      );
    });
    // What came before the end counts, also while it is being inflated: a `bye` explains it.
    socket.addEventListener('close', () => {
      this.#inbox = this.#inbox.then(() => this.#lost());
    });
    this.#pings = setInterval(() => this.#ping(), PING_PERIOD_MS);
  }

  /**
   * @param server http(s) or ws(s) address; only its origin counts
   * @throws ParleyError `unreachable`, or the signal's reason
   */
  static async open(
    server: string | URL,
    listener: SocketListener,
    signal?: AbortSignal,
  ): Promise<Socket> {
    signal?.throwIfAborted();
    const socket = takeSocket(server);
    if (socket.readyState === WebSocket.OPEN) return new Socket(socket, listener);
    await new Promise<void>((resolve, reject) => {
      const fail = () => settle(() => reject(new ParleyError('unreachable')));
      const abort = () => settle(() => reject(signal?.reason));
      const timer = setTimeout(fail, OPEN_TIMEOUT_MS);
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        socket.removeEventListener('close', fail);
        signal?.removeEventListener('abort', abort);
        if (socket.readyState !== WebSocket.OPEN) socket.close();
        finish();
      };
      socket.addEventListener('open', () => settle(resolve), { once: true });
      socket.addEventListener('close', fail);
      signal?.addEventListener('abort', abort);
    });
    return new Socket(socket, listener);
  }

  /** When the server last said anything. UTC milliseconds: other clocks stand still while a computer sleeps. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws ParleyError the server's, `timeout`, or `unreachable` when the socket was lost */
  request<K extends MethodName>(
    method: K,
    params: MethodParams<K>,
    timeoutMs = REPLY_TIMEOUT_MS,
  ): Promise<MethodResult<K>> {
    if (this.#closed) return Promise.reject(new ParleyError('unreachable'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new ParleyError('timeout'));
      }, timeoutMs);
      this.#waiting.set(id, {
        method,
        resolve: (result) => resolve(result as MethodResult<K>),
        reject,
        timer,
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** The server may be gone: finds out soon. */
  doubt(): void {
    this.#ping(DOUBT_TIMEOUT_MS);
  }

  /** Ignores everything after this. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#socket.close(CLOSE_NORMAL);
  }

  /** Closes it, and finds out whether all earlier frames arrived: the closing handshake comes after them. */
  async closeAndConfirm(): Promise<boolean> {
    if (this.#closed) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), CLOSE_TIMEOUT_MS);
    // With another code the server was already closing it, and ignored later frames.
    this.#socket.addEventListener('close', ({ wasClean, code }) =>
      resolve(wasClean && code === CLOSE_NORMAL),
    );
    this.close();
    const received = await promise;
    clearTimeout(timer);
    return received;
  }

  async #inflate(data: ArrayBuffer): Promise<void> {
    try {
      this.#receive(await inflate(data));
    } catch (error) {
      this.#unreadable(error);
    }
  }

  #receive(text: string): void {
    if (this.#closed) return;
    this.#heardAt = Date.now();
    try {
      const frame = parse(ServerFrame, parseJson(text));
      if ('event' in frame) this.#onEvent(frame.event, frame.data);
      else if ('error' in frame) this.#settle(frame.id, errorFromBody(frame.error));
      else this.#settle(frame.id, undefined, frame.result);
    } catch (error) {
      this.#unreadable(error);
    }
  }

  /** It comes from a server of another version. Nothing after it can be trusted. */
  #unreadable(error: unknown): void {
    console.error('Parley: a message of the server could not be read.', error);
    this.#socket.close();
  }

  #onEvent(name: string, data: unknown): void {
    // This version can do without an event that it does not know.
    if (!Object.hasOwn(EVENTS, name)) return;
    const event = name as EventName;
    this.#listener.onEvent(event, parse(EVENTS[event], data) as EventPayload<typeof event>);
  }

  #settle(id: number | null, error: ParleyError | undefined, result?: unknown): void {
    const waiting = id === null ? undefined : this.#waiting.get(id);
    if (id === null || !waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error) {
      waiting.reject(error);
      return;
    }
    try {
      waiting.resolve(parse(METHODS[waiting.method].result, result));
    } catch (cause) {
      waiting.reject(new ParleyError('unsupported_version', { cause }));
    }
  }

  #ping(timeoutMs = PING_TIMEOUT_MS): void {
    this.request('ping', {}, timeoutMs).then(
      (size) => this.#listener.onSize(size),
      (error) => {
        // A refusal is an answer too: the server works.
        if (ParleyError.from(error).code === 'timeout') this.#lost();
      },
    );
  }

  #lost(): void {
    if (this.#closed) return;
    this.#end();
    this.#socket.close();
    this.#listener.onLost();
  }

  #end(): void {
    this.#closed = true;
    clearInterval(this.#pings);
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new ParleyError('unreachable'));
    }
    this.#waiting.clear();
  }
}
