// Everything of the cluster on Redis that belongs to one process: put together, watched, closed.
import { ParleyError } from '../../../shared/errors.ts';
import type { OperationTable } from '../../../shared/room/operations.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Closer, Cluster } from '../cluster.ts';
import { JOB_LIMITS, type JobLimits } from '../jobs.ts';
import { RedisBus } from './bus.ts';
import { RedisJobs } from './jobs.ts';
import { RedisConnection } from './link/connection.ts';
import { describeFailure, UnusableServer } from './link/errors.ts';
import type { LinkOptions, ServerAddress } from './link/link.ts';
import { probeKey, probeRights } from './link/probe.ts';
import { RedisSubscriptions } from './link/subscriptions.ts';
import { Topology } from './link/topology.ts';
import { RedisNodes } from './nodes.ts';
import { RoomIndex } from './rooms/index.ts';
import { RedisRooms } from './rooms/rooms.ts';
import { RedisSecrets } from './secrets.ts';
import { RedisTurn } from './turn.ts';

export interface RedisClusterOptions {
  /** `redis://` or `rediss://`, with user, password and database number where there are some. */
  url: string;
  /** File with the certificate authority (PEM) of a server that no public one vouches for. */
  tlsCaFile?: string | undefined;
  /** Begins every key and channel: several installations may share one server. */
  keyPrefix: string;
  chatHistory: number;
  /** What may happen in a room: the project's own table, unless a test adds to it. */
  operations?: OperationTable;
  patchHistory: number;
  sessionLeaseMs: number;
  nodeLeaseMs: number;
  /** {@link JOB_LIMITS} without it. */
  jobs?: JobLimits;
  /** After this every operation has its result, or failed as `unavailable`. */
  timeoutMs: number;
  /** How long the start may wait for the store. */
  connectTimeoutMs?: number;
  /** See {@link sweepQuietMs}; tests with short leases shorten it. */
  sweepQuietMs?: number;
  log: Logger;
  /** A listener threw; the others still got the message. */
  onListenerError(error: unknown): void;
  /** `connected` has changed. */
  onState?(connected: boolean): void;
}

/**
 * After an outage all leases have run out, although every process lives. Each renews a third of a
 * lease after it is connected again, which takes some seconds at worst. No session is released before.
 */
export function sweepQuietMs(sessionLeaseMs: number): number {
  return sessionLeaseMs / 3 + 5_000;
}

/** One of so many belongs to each server, unless it holds hardly anything. */
const MAX_KEYS_TRIED = 1_000;

export class RedisCluster implements Cluster {
  readonly rooms: RedisRooms;
  readonly nodes: RedisNodes;
  readonly bus: RedisBus;
  readonly turn: RedisTurn;
  readonly secrets: RedisSecrets;
  readonly jobs: RedisJobs;
  readonly #topology: Topology;
  readonly #connection: RedisConnection;
  readonly #subscriptions: RedisSubscriptions;
  readonly #options: RedisClusterOptions;
  readonly #listeners = new Set<() => void>();
  readonly #started = Promise.withResolvers<void>();
  #startedOnce = false;
  #connected = false;
  #connectedAt = 0;
  #closing: Promise<void> | undefined;

  constructor(
    address: ServerAddress,
    clustered: boolean,
    linkOptions: LinkOptions,
    options: RedisClusterOptions,
  ) {
    this.#options = options;
    const { log, keyPrefix, timeoutMs, sessionLeaseMs, nodeLeaseMs, onListenerError } = options;
    const topology = new Topology(address, clustered, linkOptions, {
      onChange: () => {
        this.#subscriptions.onTopology();
        this.#connection.noteChange();
        this.#look();
      },
      onMessagesReady: (node) => this.#subscriptions.onReady(node),
      onMessagesLost: (node) => this.#subscriptions.onLost(node),
      onLinkLost: ({ name }, cause) => {
        if (!this.#closing)
          log.warn(
            { store: name, reason: reasonOf(cause, linkOptions) },
            'the connection to the store was lost',
          );
      },
    });
    const connection = new RedisConnection(topology, timeoutMs);
    const subscriptions = new RedisSubscriptions({
      topology,
      timeoutMs,
      onChange: () => this.#look(),
      onListenerError,
    });
    const index = new RoomIndex({
      connection,
      keyPrefix,
      sessionLeaseMs,
      onError: (err) => log.debug({ err }, 'a room was not noted for sweeping'),
    });
    this.#topology = topology;
    this.#connection = connection;
    this.#subscriptions = subscriptions;
    const { chatHistory, patchHistory, operations } = options;
    const quietMs = options.sweepQuietMs ?? sweepQuietMs(sessionLeaseMs);
    this.rooms = new RedisRooms({
      ...{ connection, subscriptions, index, keyPrefix, chatHistory, patchHistory, sessionLeaseMs },
      ...(operations && { operations }),
      maySweep: () => this.#connected && performance.now() - this.#connectedAt >= quietMs,
      onUnreadable: (err, room) => log.error({ err, room }, 'a patch could not be read'),
      onListenerError,
    });
    this.bus = new RedisBus({
      ...{ connection, subscriptions, keyPrefix, onListenerError },
      onAccident: (err, command) => log.error({ err, command }, 'a command handler failed'),
      onUnreadable: (err, channel) => log.error({ err, channel }, 'a message could not be read'),
      onUnanswered: (err) => log.warn({ err }, 'a command could not be answered'),
    });
    this.turn = new RedisTurn({
      ...{ connection, keyPrefix },
      onUnreadable: (err) => log.error({ err }, 'an entry of the TURN pool could not be read'),
    });
    this.secrets = new RedisSecrets({ connection, keyPrefix });
    this.jobs = new RedisJobs({
      ...{ connection, keyPrefix, limits: options.jobs ?? JOB_LIMITS },
      onUnreadable: (err) => log.error({ err }, 'a job could not be read'),
    });
    this.nodes = new RedisNodes({
      ...{ connection, topology, keyPrefix, nodeLeaseMs },
      onUnreadable: (err) => log.error({ err }, 'a node could not be read'),
      onMissedBeat: (err) => log.warn({ err }, 'a heartbeat was not acknowledged'),
    });
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Which server is not connected, and why. */
  get failure(): { name: string; cause: unknown } | undefined {
    const links = this.#topology.nodes.flatMap(({ name, commands, messages }) =>
      [commands, messages].map((link) => ({ name, link })),
    );
    const lost = links.find(({ link }) => !link.ready);
    return lost && { name: lost.name, cause: lost.link.lastError };
  }

  async start(withinMs: number): Promise<void> {
    const late = setTimeout(
      () => this.#started.reject(new Error('it does not answer')),
      Math.max(0, withinMs),
    );
    try {
      await this.#started.promise;
      await this.#tryRights();
      await this.bus.start();
    } finally {
      clearTimeout(late);
    }
  }

  /** Each server of a Redis Cluster has an ACL of its own. */
  async #tryRights(): Promise<void> {
    const topology = this.#topology;
    const tries = topology.nodes.map(async (node) => {
      let key = probeKey(this.#options.keyPrefix);
      for (let n = 0; n < MAX_KEYS_TRIED && topology.ownerOf(key) !== node; n++) {
        key = probeKey(this.#options.keyPrefix);
      }
      await probeRights(node.messages, key).catch((cause: unknown) => {
        // A connection that ended meanwhile proves nothing about rights.
        if (cause instanceof UnusableServer) throw cause;
      });
    });
    await Promise.all(tries);
  }

  onReconnected(listener: () => void): Closer {
    const own = () => listener();
    this.#listeners.add(own);
    return { close: async () => void this.#listeners.delete(own) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#listeners.clear();
    this.nodes.close();
    this.bus.close();
    this.rooms.close();
    this.#subscriptions.close();
    this.#connection.close();
    await this.#topology.close();
  }

  /** Whether everything is there again, or something is missing now. */
  #look(): void {
    const connected = this.#topology.healthy && this.#subscriptions.inPlace && !this.#closing;
    if (connected === this.#connected) return;
    this.#connected = connected;
    if (connected) this.#connectedAt = performance.now();
    const { onState, log, onListenerError } = this.#options;
    onState?.(connected);
    if (!connected) return;
    if (!this.#startedOnce) {
      this.#startedOnce = true;
      this.#started.resolve();
      return;
    }
    log.info('the store is reachable again');
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        onListenerError(error);
      }
    }
  }
}

/** Why there is no connection: one clause, without the password. */
export function reasonOf(cause: unknown, { password }: LinkOptions): string {
  // The message of a ParleyError is for participants of a call.
  const actual = cause instanceof ParleyError ? cause.cause : cause;
  return describeFailure(actual, [password]);
}
