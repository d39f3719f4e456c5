// Keeps a socket to the server: when one is lost it finds another and enters the call again.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import type {
  EventName,
  EventPayload,
  MethodName,
  MethodParams,
  MethodResult,
} from '../../../shared/protocol/protocol.ts';
import type { RoomSize } from '../../../shared/protocol/roster-messages.ts';
import { reconnectDelay } from './backoff.ts';
import { whyNoSocket } from './no-socket.ts';
import { Socket, type SocketListener } from './socket.ts';

export interface LinkOptions {
  url: string | URL;
  /** A socket that is open already, for the first attempt. */
  ready?(listener: SocketListener): Promise<Socket> | undefined;
  /** Resumes the session (or joins) on a new socket. A refusal that is not retryable ends the link. */
  enter(socket: Socket): Promise<void>;
  onEvent<K extends EventName>(event: K, data: EventPayload<K>): void;
  /** The size of a large room. */
  onSize?(size: RoomSize): void;
  onDown(): void;
  /** A socket was entered: requests are carried from now on. */
  onUp(): void;
  /** The link is closed for good. */
  onEnded(error: ParleyError): void;
}

/** The server's silence, on a socket that was open. */
const DEAD: ReadonlySet<ErrorCode> = new Set(['unreachable', 'timeout']);

export class Link {
  readonly #options: LinkOptions;
  #socket: Socket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #entered = false;
  /** Events that arrive between a socket's answer and the moment its state is taken over. */
  #early: Array<() => void> = [];
  #endedBy: ParleyError | undefined;
  #lostAt: number | undefined;
  #attempt = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    globalThis.addEventListener?.('online', this.#hurry);
  }

  get up(): boolean {
    return this.#entered && !this.#closed;
  }

  /**
   * Opens the first socket. @throws ParleyError when opening or entering it was refused; or the signal's
   * reason, at once
   */
  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    try {
      await Promise.race([this.#first(signal), givenUp]);
    } catch (error) {
      this.close();
      // A `bye` explains more than the loss of the socket that it caused.
      throw this.#endedBy ?? error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** @throws ParleyError `unreachable` while there is no socket */
  request<K extends MethodName>(method: K, params: MethodParams<K>): Promise<MethodResult<K>> {
    if (!this.#socket || !this.#entered) {
      return Promise.reject(new ParleyError('unreachable'));
    }
    return this.#socket.request(method, params);
  }

  /** Finds out soon whether the socket is dead, as another connection is. */
  doubt(): void {
    if (this.#entered) this.#socket?.doubt();
  }

  /** Leaves the call and closes. @returns whether the server has received it */
  async leave(): Promise<boolean> {
    const socket = this.up ? this.#socket : undefined;
    socket?.request('leave', {}).catch(() => {});
    const received = socket?.closeAndConfirm() ?? false;
    this.close();
    return received;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    globalThis.removeEventListener?.('online', this.#hurry);
    this.#socket?.close();
  }

  /** When a socket does not open, the error of a join says why and what to do. */
  async #first(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#firstOf(signal);
    } catch (error) {
      const opened = this.#socket !== undefined || this.#closed;
      if (opened || ParleyError.from(error).code !== 'unreachable') throw error;
      throw await whyNoSocket(this.#options.url);
    }
  }

  /** A ready socket may be dead without knowing. Another one is as good as if there had been none. */
  async #firstOf(signal: AbortSignal | undefined): Promise<void> {
    let isReady = false;
    try {
      await this.#connect(signal, (listener) => {
        const socket = this.#options.ready?.(listener);
        isReady = socket !== undefined;
        return socket;
      });
    } catch (error) {
      const isDead = DEAD.has(ParleyError.from(error).code);
      if (!isReady || !isDead || this.#closed || this.#endedBy) throw error;
      this.#socket = undefined;
      await this.#connect(signal);
    }
  }

  async #connect(
    signal?: AbortSignal,
    ready?: (listener: SocketListener) => Promise<Socket> | undefined,
  ): Promise<void> {
    let socket: Socket | undefined;
    const listener: SocketListener = {
      onEvent: (event, data) => this.#onEvent(event, data),
      onSize: (size) => {
        if (this.#entered) this.#options.onSize?.(size);
      },
      onLost: () => {
        if (this.#socket === socket) this.#lost();
      },
    };
    socket = await (ready?.(listener) ?? Socket.open(this.#options.url, listener, signal));
    if (this.#closed) return socket.close();
    this.#socket = socket;
    this.#early = [];
    try {
      await this.#options.enter(socket);
    } catch (error) {
      socket.close();
      throw error;
    }
    if (socket.closed && !this.#closed) throw new ParleyError('unreachable');
    this.#entered = true;
    this.#lostAt = undefined;
    this.#attempt = 0;
    this.#options.onUp();
    for (const deliver of this.#early.splice(0)) deliver();
  }

  #onEvent<K extends EventName>(event: K, data: EventPayload<K>): void {
    if (event !== 'bye') {
      const deliver = () => this.#options.onEvent(event, data);
      if (this.#entered) deliver();
      else this.#early.push(deliver);
      return;
    }
    const { error, reconnect } = data as EventPayload<'bye'>;
    const { code, message } = error;
    if (reconnect) {
      this.#socket?.close();
      this.#lost();
    } else {
      this.#end(new ParleyError(code, { message }));
    }
  }

  #lost(): void {
    if (this.#closed || !this.#entered) return;
    this.#entered = false;
    this.#lostAt = performance.now();
    this.#options.onDown();
    this.#schedule();
  }

  #schedule(): void {
    const elapsedMs = performance.now() - (this.#lostAt ?? 0);
    const delayMs = reconnectDelay(this.#attempt++, elapsedMs, Math.random());
    if (delayMs === undefined) this.#end(new ParleyError('unreachable'));
    else this.#retry = setTimeout(() => void this.#reconnect(), delayMs);
  }

  async #reconnect(): Promise<void> {
    this.#retry = undefined;
    try {
      await this.#connect();
    } catch (cause) {
      if (this.#closed) return;
      const error = ParleyError.from(cause);
      if (error.retryable) this.#schedule();
      else this.#end(error);
    }
  }

  #end(error: ParleyError): void {
    if (this.#closed) return;
    this.#endedBy = error;
    this.close();
    this.#options.onEnded(error);
  }

  /** The network is back: tries at once. */
  readonly #hurry = (): void => {
    if (this.#retry === undefined || this.#closed) return;
    clearTimeout(this.#retry);
    this.#attempt = 0;
    void this.#reconnect();
  };
}
