// Keeps the sessions of this replica alive in the store: their leases, and after an outage the rooms.
import { ParleyError } from '../../../shared/errors.ts';
import type {
  Closer,
  Cluster,
  HeldSession,
  SessionGuard,
  SessionState,
} from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';
import type { RoomHub } from '../roster/room-hub.ts';

/** A session as the keeper sees it. */
export interface KeptSession {
  readonly participantId: string;
  readonly guard: SessionGuard;
  readonly toRestore: HeldSession;
  /** A claim of this replica is under way: the store has replaced the older guard for this replica itself. */
  readonly isClaiming: boolean;
  end(reason: 'removed' | 'replaced' | 'lost'): void;
  readonly media: { refresh(): Promise<void> };
}

export interface SessionKeeperOptions {
  cluster: Cluster;
  hub: RoomHub;
  sessionsIn(room: string): readonly KeptSession[];
  rooms(): readonly string[];
  sessionLeaseMs: number;
  resources: Resources;
  log: Logger;
}

/** Renewals within one lease: two may fail before it runs out. */
const RENEWALS_PER_LEASE = 3;
/** Rooms that are renewed at once: a store that has just come back is busy. */
const ROOMS_AT_ONCE = 20;
/** Between attempts to release a session while the store does not answer. */
const RELEASE_RETRY = { firstMs: 500, maxMs: 10_000 };
/** How long a store that answers again may take until all of it does. */
const RECONNECT_WITHIN_MS = 3_000;
/** How long a replica that ends waits for its releases. After that the leases run out by themselves. */
const RELEASE_WITHIN_MS = 3_000;

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #timer: Timer;
  readonly #reconnected: Closer;
  readonly #recovering = new Map<string, Promise<boolean>>();
  readonly #retries = new Set<Retry>();
  readonly #endings = new Set<Promise<void>>();
  /** When the store was back after it could not be reached. */
  #backAt = Number.NEGATIVE_INFINITY;
  /** Since when leases could not be renewed; undefined while they can. */
  #failingSince: number | undefined;
  #renewing = false;
  #closed = false;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    const { cluster, resources, sessionLeaseMs } = options;
    this.#timer = resources.every(sessionLeaseMs / RENEWALS_PER_LEASE, () => void this.#round());
    this.#reconnected = cluster.onReconnected(() => void this.#afterOutage());
  }

  /** A session of this room may be over: asks the store. */
  async check(room: string): Promise<void> {
    await this.#renew(room).catch((err) => {
      this.#options.log.debug({ err, room }, 'sessions were not looked up');
    });
  }

  /**
   * The store does not know a session of this replica. After an outage the room and its sessions are restored.
   * @returns whether they were
   */
  async recover(room: string): Promise<boolean> {
    // A store may answer before all of it is back.
    if (!this.#options.cluster.connected) await this.#reconnection();
    if (!this.#mayHaveForgotten()) return false;
    const known = this.#recovering.get(room);
    if (known) return known;
    const recovering = this.#restore(room)
      .then(
        () => true,
        (err) => {
          this.#options.log.warn({ err, room }, 'a room was not restored');
          return false;
        },
      )
      .finally(() => this.#recovering.delete(room));
    this.#recovering.set(room, recovering);
    return recovering;
  }

  /**
   * Releases a session, again until the store answers. Otherwise its lease would have to run out.
   * @returns false when another replica has the session, or it is over already
   */
  async release(room: string, guard: SessionGuard): Promise<boolean> {
    const { cluster, resources } = this.#options;
    const retry = new Retry({ ...RELEASE_RETRY, resources });
    this.#retries.add(retry);
    try {
      for (;;) {
        try {
          return await cluster.rooms.release(room, guard);
        } catch (error) {
          const { retryable } = ParleyError.from(error);
          if (!retryable || this.#closed) throw error;
          await new Promise<void>((resolve) => retry.later(resolve));
        }
      }
    } finally {
      this.#retries.delete(retry);
    }
  }

  /** Whether the store has no such session. One that another replica has claimed is not gone. */
  async isGone(room: string, guard: SessionGuard): Promise<boolean> {
    const states = await this.#options.cluster.rooms.renew(room, [guard]);
    const state = states.get(guard.participantId);
    return state === 'gone' || state === 'removed';
  }

  /** A session is being released: this replica waits for that before it ends. */
  addEnding(ending: Promise<void>): void {
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  /** Resolves when every session that is over has been released, or when that takes too long. */
  async endingsSettled(): Promise<void> {
    const { resources } = this.#options;
    await resources.atMost(RELEASE_WITHIN_MS, Promise.allSettled(this.#endings));
  }

  close(): void {
    this.#closed = true;
    this.#timer.close();
    for (const retry of this.#retries) retry.reset();
    void this.#reconnected.close();
  }

  /** Resolves when the store is back, or when that takes too long. */
  async #reconnection(): Promise<void> {
    const { cluster, resources } = this.#options;
    const back = Promise.withResolvers<void>();
    const listening = cluster.onReconnected(back.resolve);
    await resources.atMost(RECONNECT_WITHIN_MS, back.promise);
    await listening.close();
  }

  #mayHaveForgotten(): boolean {
    return performance.now() - this.#backAt < this.#options.sessionLeaseMs;
  }

  async #round(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const { cluster, log } = this.#options;
    try {
      await this.#inAllRooms((room) => this.#renew(room));
      await cluster.rooms.sweep();
    } catch (err) {
      log.warn({ err }, 'leases were not renewed');
    } finally {
      this.#renewing = false;
    }
  }

  async #afterOutage(): Promise<void> {
    this.#backAt = performance.now();
    await this.#inAllRooms(async (room) => {
      await this.#renew(room);
      // Events of media nodes were lost meanwhile.
      await Promise.all(this.#options.sessionsIn(room).map((session) => session.media.refresh()));
    }).catch((err) => this.#options.log.warn({ err }, 'sessions were not renewed'));
  }

  async #inAllRooms(action: (room: string) => Promise<void>): Promise<void> {
    const rooms = [...this.#options.rooms()];
    const work = async () => {
      for (let room = rooms.pop(); room !== undefined; room = rooms.pop()) await action(room);
    };
    await Promise.all(Array.from({ length: ROOMS_AT_ONCE }, work));
  }

  async #renew(room: string): Promise<void> {
    const sessions = this.#options.sessionsIn(room);
    if (sessions.length === 0) return;
    const guards = sessions.map(({ guard }) => guard);
    const states = await this.#ask(() => this.#options.cluster.rooms.renew(room, guards));
    const gone = sessions.some(({ guard }) => states.get(guard.participantId) === 'gone');
    if (gone && (await this.recover(room))) return;
    this.#apply(sessions, guards, states);
  }

  /** The leases of this replica may have run out in a store that answers but was full for long. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question();
      const failedForMs = performance.now() - (this.#failingSince ?? performance.now());
      this.#failingSince = undefined;
      if (failedForMs > this.#options.sessionLeaseMs / RENEWALS_PER_LEASE) {
        this.#backAt = performance.now();
      }
      return answer;
    } catch (error) {
      this.#failingSince ??= performance.now();
      throw error;
    }
  }

  async #restore(room: string): Promise<void> {
    const { cluster, hub, log } = this.#options;
    const known = hub.known(room);
    const sessions = this.#options.sessionsIn(room);
    if (!known || sessions.length === 0) return;
    const guards = sessions.map(({ guard }) => guard);
    const states = await cluster.rooms.restore(
      known,
      sessions.map(({ toRestore }) => toRestore),
    );
    log.info({ room, sessions: sessions.length }, 'a room was put back into the store');
    this.#apply(sessions, guards, states);
  }

  /** Ends sessions that this replica has lost, except those that it claimed again while the store was asked. */
  #apply(
    sessions: readonly KeptSession[],
    guards: readonly SessionGuard[],
    states: ReadonlyMap<string, SessionState>,
  ): void {
    for (const [index, session] of sessions.entries()) {
      if (session.guard !== guards[index] || session.isClaiming) continue;
      const state = states.get(session.participantId);
      if (state === 'removed' || state === 'replaced') session.end(state);
      if (state === 'gone') session.end('lost');
    }
  }
}
