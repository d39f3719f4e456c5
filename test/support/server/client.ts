// A client of the wire protocol without an SDK: it says what it is told to, right or wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { inflateSync } from 'node:zlib';
import { type ClientOptions, WebSocket } from 'ws';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type { Consumer } from '../../../shared/protocol/consumers.ts';
import {
  EVENTS,
  type EventName,
  type EventPayload,
  type JoinResult,
  METHODS,
  type MethodName,
  type MethodParams,
  type MethodResult,
  SUBPROTOCOL,
} from '../../../shared/protocol/protocol.ts';
import {
  type ErrorBody,
  errorFromBody,
  parse,
  parseJson,
  ServerFrame,
} from '../../../shared/protocol/rpc.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { until, within } from '../process/until.ts';
import { type Owner, ownedBy } from './owned.ts';

export interface RawClientOptions extends ClientOptions {
  protocols?: string[];
}

export interface Closing {
  code: number;
  reason: string;
}

type Waiting = { resolve(result: unknown): void; reject(error: Error): void };
export type Heard = { [K in EventName]: { event: K; data: EventPayload<K> } }[EventName];

export class RawClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<Closing>;
  /** Every event, in order, held to the schemas. */
  readonly heard: Heard[] = [];
  /** Refusals that name no request. */
  readonly refusals: ErrorBody[] = [];
  /** What it was sent, as it was sent; and how many frames of it were compressed. */
  bytes = 0;
  inflated = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(heard: Heard) => void>();
  /** Consumers in the answers of joins and resumes. */
  readonly #first: Consumer[] = [];
  #nextId = 1;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      this.bytes += data.length;
      if (isBinary) this.inflated += 1;
      this.#receive(String(isBinary ? inflateSync(data) : data));
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`closed with ${code}`));
        this.#waiting.clear();
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /** @throws Error with the HTTP status when the handshake is refused */
  static async open(
    context: Owner,
    url: string,
    { protocols = [SUBPROTOCOL], ...options }: RawClientOptions = {},
  ): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url, protocols, options));
    ownedBy(context).use(client);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.socket.once('open', resolve);
    client.socket.once('error', reject);
    await within('the socket to open', DEADLINES.condition, promise);
    return client;
  }

  /** @throws ParleyError what the server refuses it with */
  async request<K extends MethodName>(
    method: K,
    params: MethodParams<K>,
  ): Promise<MethodResult<K>> {
    return parse(METHODS[method].result, await this.ask(method, params)) as MethodResult<K>;
  }

  /** A request that need not be valid. @throws ParleyError what the server refuses it with */
  ask(method: string, params: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.socket.send(JSON.stringify({ id, method, params }));
    return within(`an answer to ${method}`, DEADLINES.condition, answer);
  }

  /** The code a request is refused with, or `ok`. */
  async outcome(method: string, params: unknown): Promise<string> {
    return this.ask(method, params).then(
      () => 'ok',
      (error) => ('code' in error ? error.code : Promise.reject(error)),
    );
  }

  async join(room: string, params: Partial<MethodParams<'join'>> = {}): Promise<JoinResult> {
    const rtpCapabilities = ROUTER_RTP_CAPABILITIES;
    const answer = await this.request('join', {
      room,
      name: 'Somebody',
      rtpCapabilities,
      ...params,
    });
    this.#first.push(...answer.media.consumers);
    return answer;
  }

  /** Resolves when the transports of a join are open. */
  async prepare(
    room: string,
    more: Omit<MethodParams<'prepare'>, 'room'> = {},
  ): Promise<EventPayload<'prepared'>> {
    const before = this.events('prepared').length;
    await this.request('prepare', { room, ...more });
    return until('something to be prepared', () => {
      const prepared = this.events('prepared')[before];
      assert.ok(prepared);
      return prepared;
    });
  }

  /** @param version of the room that the client claims to have */
  resume(room: string, session: JoinResult, version: number): Promise<MethodResult<'resume'>> {
    const { participantId, resumeSecret } = session;
    const rtpCapabilities = ROUTER_RTP_CAPABILITIES;
    return this.request('resume', { room, participantId, resumeSecret, version, rtpCapabilities });
  }

  events<K extends EventName>(name: K): EventPayload<K>[] {
    return this.heard.flatMap(({ event, data }) =>
      event === name ? [data as EventPayload<K>] : [],
    );
  }

  /** The first event of this name that fits, heard before or from now on. */
  event<K extends EventName>(
    name: K,
    fits: (data: EventPayload<K>) => boolean = () => true,
  ): Promise<EventPayload<K>> {
    return until(`the event ${name}`, () => {
      const found = this.events(name).find(fits);
      assert.ok(
        found,
        `heard only ${this.heard.map(({ event }) => event).join(', ') || 'nothing'}`,
      );
      return found;
    });
  }

  /** The next event of this name, told of without a look at it every now and then: for crowds. */
  next<K extends EventName>(name: K, withinMs: number): Promise<EventPayload<K>> {
    const { promise, resolve } = Promise.withResolvers<EventPayload<K>>();
    const listener = ({ event, data }: Heard) => {
      if (event === name) resolve(data as EventPayload<K>);
    };
    this.#listeners.add(listener);
    const found = within(`the event ${name}`, withinMs, promise);
    return found.finally(() => this.#listeners.delete(listener));
  }

  /** Told of every event as it comes. */
  onEvent(listener: (heard: Heard) => void): void {
    this.#listeners.add(listener);
  }

  /** Waits until a consumer of this track was closed. */
  async lostTrack(trackId: string): Promise<void> {
    await this.event('consumersClosed', ({ consumerIds }) =>
      this.#consumers.some((known) => known.trackId === trackId && consumerIds.includes(known.id)),
    );
  }

  /** Every consumer we were told of. */
  get #consumers(): { id: string; trackId: string }[] {
    const told = [
      ...this.events('consumers').flatMap(({ consumers }) => consumers),
      ...this.events('media').flatMap(({ consumers }) => consumers),
      ...this.#first,
    ];
    return told.map(({ consumerId, trackId }) => ({ id: consumerId, trackId }));
  }

  /** Resolves when everything that was sent before has been handled. */
  async settled(): Promise<void> {
    await this.ask('snapshot', {}).catch(() => {});
  }

  /** How the server closes it. */
  async closing(withinMs: number = DEADLINES.condition): Promise<Closing> {
    return within('the server to close the socket', withinMs, this.closed);
  }

  /** Breaks the connection without a goodbye, as a lost network does. */
  async drop(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.terminate();
    await closed;
  }

  #receive(text: string): void {
    const frame = parse(ServerFrame, parseJson(text));
    if ('event' in frame) {
      const event = frame.event as EventName;
      const heard = { event, data: parse(EVENTS[event], frame.data) } as Heard;
      this.heard.push(heard);
      for (const listener of [...this.#listeners]) listener(heard);
      return;
    }
    const waiting = frame.id === null ? undefined : this.#waiting.get(frame.id);
    if ('error' in frame) {
      if (waiting) waiting.reject(errorFromBody(frame.error));
      else this.refusals.push(frame.error);
    } else {
      waiting?.resolve(frame.result);
    }
    if (frame.id !== null) this.#waiting.delete(frame.id);
  }
}
