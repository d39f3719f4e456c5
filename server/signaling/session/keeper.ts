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
import type { RoomHub } from './room-hub.ts';

/** A session as the keeper sees it. */
export interface KeptSession {
  readonly participantId: string;
  readonly guard: SessionGuard;
  readonly toRestore: HeldSession;
  /** A claim of this replica is under way: what the store says of the older guard is no news. */
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
/** Rooms asked about at once: a store that just came back has enough to do. */
const ROOMS_AT_ONCE = 20;
/** Between attempts to release a session while the store does not answer. Doubles up to the second. */
const RELEASE_RETRY_MS = 500;
const RELEASE_RETRY_MAX_MS = 10_000;
/** Between the first answer of a store that is back and the moment when all of it is. */
const RECONNECT_WITHIN_MS = 3_000;
/** A replica that is to end waits no longer for what it releases: its leases end by themselves. */
const FINISH_WITHIN_MS = 3_000;

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #timer: Timer;
  readonly #reconnected: Closer;
  readonly #recovering = new Map<string, Promise<boolean>>();
  readonly #retries = new Set<Timer>();
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

  /** A patch suggests that a session of this room is over: asks the store which. */
  async check(room: string): Promise<void> {
    await this.#renew(room).catch((err) => {
      this.#options.log.debug({ err, room }, 'sessions were not looked up');
    });
  }

  /**
   * The store does not know a session that is ours: after an outage the room is put back.
   * @returns whether it was
   */
  async recover(room: string): Promise<boolean> {
    // It may answer again before everything is in place again.
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
   * Releases a session, trying until it succeeds: otherwise it would last until its lease ends.
   * @returns whether it was ours to release
   */
  async release(room: string, guard: SessionGuard, delayMs = RELEASE_RETRY_MS): Promise<boolean> {
    try {
      return await this.#options.cluster.rooms.release(room, guard);
    } catch (error) {
      const { retryable } = ParleyError.from(error);
      if (!retryable || this.#closed) throw error;
      await new Promise<void>((resolve) => {
        const timer = this.#options.resources.after(delayMs, () => {
          this.#retries.delete(timer);
          resolve();
        });
        this.#retries.add(timer);
      });
      return this.release(room, guard, Math.min(delayMs * 2, RELEASE_RETRY_MAX_MS));
    }
  }

  /** Whether the store has no such session. Another replica that claimed it would be known there. */
  async isGone(room: string, guard: SessionGuard): Promise<boolean> {
    const states = await this.#options.cluster.rooms.renew(room, [guard]);
    const state = states.get(guard.participantId);
    return state === 'gone' || state === 'removed';
  }

  /** A session is on its way out: this replica does not end before it is. */
  finish(ending: Promise<void>): void {
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  /** Resolves when every session that is over has been released, or when it takes too long. */
  async finished(): Promise<void> {
    const { resources } = this.#options;
    await resources.atMost(FINISH_WITHIN_MS, Promise.allSettled(this.#endings));
  }

  close(): void {
    this.#closed = true;
    this.#timer.close();
    for (const timer of this.#retries) timer.close();
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
      // What media nodes said meanwhile was lost too.
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

  /** A store that answers, but could do nothing for long (it was full), has forgotten us as well. */
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

  /** Ends what is not ours any more, unless it was claimed anew while we asked. */
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
