// One connection to one Redis server: made again whenever it is lost, and known to be alive.
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisClient } from 'redis';
import { answerError, checkServer, type ServerFacts } from './errors.ts';

/** How to reach a server and prove who we are; the same for every node of a Redis Cluster. */
export interface LinkOptions {
  username: string | undefined;
  password: string | undefined;
  database: number;
  tls: { ca: string | undefined } | undefined;
}

export interface ServerAddress {
  host: string;
  port: number;
}

/** A connection that is accepted, but then silent, is given up after this. */
const ATTEMPT_MS = 3_000;
/** Dead TCP looks like silence: a server that answers no ping for this long counts as gone. */
const PING_EVERY_MS = 1_000;
const PING_ANSWER_MS = 3_000;
/** A connection that ends sooner than this counts as another failure: the pauses go on growing. */
const STABLE_MS = 2_000;

/**
 * Recovery time is felt, so tries come soon; full jitter, so that replicas do not come as one. Well
 * below NODE_LOST_MS: a media node that is back a little later than the others is not given up.
 */
export function reconnectDelayMs(attempt: number, random = Math.random): number {
  return random() * Math.min(500, 50 * 2 ** attempt);
}

/** There was no connection when it should have been sent: it has not happened. */
export class NotSent extends Error {}

/** The connection is there, but the server does not answer. */
export class Silence extends Error {}

export interface LinkEvents {
  /** The connection can be used from now on. */
  onReady(): void;
  /** It cannot any more. */
  onLost(cause: unknown): void;
  /** A try to connect came to nothing; another one follows. */
  onFailed?(cause: unknown): void;
  /** The server said that a channel is no longer its own. */
  onChannelMoved(): void;
}

type Client = ReturnType<typeof openClient>;

export class RedisLink {
  readonly address: ServerAddress;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #client: Client | undefined;
  #facts: ServerFacts | undefined;
  #interrupt: (cause: Error) => void = () => {};
  #lastError: unknown;
  #generation = 0;

  constructor(address: ServerAddress, options: LinkOptions, events: LinkEvents) {
    this.address = address;
    this.#options = options;
    this.#events = events;
    this.#running = this.#run();
  }

  get ready(): boolean {
    return this.#client !== undefined;
  }

  /** What the server said of itself; undefined before the first connection. */
  get facts(): ServerFacts | undefined {
    return this.#facts;
  }

  /** Rises with every connection: what was subscribed on an older one is gone. */
  get generation(): number {
    return this.#generation;
  }

  /** Why there is no connection. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /**
   * @param signal gives up what has not been written yet
   * @throws NotSent, or what the client throws: the outcome is unknown then, unless it is an answer
   */
  send(args: readonly string[], signal?: AbortSignal): Promise<unknown> {
    const client = this.#client;
    if (!client?.isReady)
      return Promise.reject(new NotSent('not connected', { cause: this.#lastError }));
    return client.sendCommand([...args], signal ? { abortSignal: signal } : {});
  }

  /** `listener` has to be the same one each time: the client knows a subscription by it. */
  async subscribe(channel: string, listener: (message: string, channel: string) => void) {
    if (!this.#client) throw new NotSent('not connected');
    await this.#client.sSubscribe(channel, listener);
  }

  async unsubscribe(channel: string, listener: (message: string, channel: string) => void) {
    await this.#client?.sUnsubscribe(channel, listener);
  }

  /** Replaces the connection by another one: the answers of this one can no longer be relied on. */
  reset(reason: string): void {
    this.#interrupt(new Error(reason));
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    this.#interrupt(new Error('closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const startedAt = performance.now();
      const wasReady = await this.#connectOnce();
      if (wasReady && performance.now() - startedAt > STABLE_MS) attempt = 0;
      await sleep(reconnectDelayMs(attempt), undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, from the first packet to the last. @returns whether it could be used */
  async #connectOnce(): Promise<boolean> {
    const client = openClient(this.address, this.#options);
    const end = Promise.withResolvers<Error>();
    this.#interrupt = end.resolve;
    client.on('error', end.resolve);
    client.on('sharded-channel-moved', () => this.#events.onChannelMoved());
    const slow = setTimeout(
      () => end.resolve(new Error(`no answer within ${ATTEMPT_MS} ms`)),
      ATTEMPT_MS,
    );
    const opening = client.connect().then(() => checkServer((args) => client.sendCommand(args)));
    try {
      const failed = end.promise.then((cause) => {
        throw cause;
      });
      this.#facts = await Promise.race([opening, failed]);
    } catch (cause) {
      opening.catch(() => {});
      client.destroy();
      this.#lastError = answerError(cause);
      this.#events.onFailed?.(this.#lastError);
      return false;
    } finally {
      clearTimeout(slow);
    }
    this.#client = client;
    this.#generation += 1;
    this.#events.onReady();
    const watch = watchPulse(client, end.resolve);
    const cause = await end.promise;
    watch.close();
    this.#client = undefined;
    this.#lastError = cause;
    client.destroy();
    this.#events.onLost(cause);
    return true;
  }
}

/**
 * `createClient` builds a class with hundreds of commands for each client: 15 ms of every try to
 * connect. One class is enough, and it needs none of the modules' commands.
 */
const makeClient = RedisClient.factory({ RESP: 3 });

function openClient({ host, port }: ServerAddress, options: LinkOptions) {
  const { username, password, database, tls } = options;
  const address = { host, port, connectTimeout: ATTEMPT_MS, reconnectStrategy: false as const };
  return makeClient({
    // Waiting, giving up and trying again are decided in redis-connection.ts alone.
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    name: 'parley',
    database,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    socket: tls
      ? {
          ...address,
          tls: true,
          ...(tls.ca !== undefined && { ca: tls.ca }),
          // A server name is for names (RFC 6066 §3).
          ...(isIP(host) === 0 && { servername: host }),
        }
      : address,
  });
}

/** Asks again and again, and calls `onSilence` once when no answer comes. */
function watchPulse(client: Client, onSilence: (cause: Error) => void): { close(): void } {
  let askedAt = 0;
  let asking = false;
  const timer = setInterval(() => {
    if (!asking) {
      asking = true;
      askedAt = performance.now();
      client.sendCommand(['PING']).then(
        () => {
          asking = false;
        },
        () => {},
      );
      return;
    }
    // If we stood still ourselves, the answer is here and only has not been read yet.
    setImmediate(() => {
      const silentMs = performance.now() - askedAt;
      if (asking && silentMs >= PING_ANSWER_MS) {
        onSilence(new Silence(`no answer to a ping for ${PING_ANSWER_MS} ms`));
      }
    });
  }, PING_EVERY_MS);
  return { close: () => clearInterval(timer) };
}
