// The media sessions of one participant: the current one, and older ones that may still carry media.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import type { MediaCommand, MediaParams, MediaResult } from '../../cluster/messages/media.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { MediaClient } from './media-client.ts';

/** A media session, and where it is. */
export interface MediaSession {
  readonly nodeId: string;
  /** The router there. It reports who speaks. */
  readonly origin: string;
  readonly epoch: number;
}

export interface MediaSessionsOptions {
  room: string;
  participantId: string;
  media: MediaClient;
  resources: Resources;
  /** How long an older session that carries media is kept. */
  drainGraceMs: number;
}

type OlderSessions =
  | { readonly name: 'none' }
  /** The client has not said that it has settled on the current session. */
  | { readonly name: 'watched'; readonly sessions: readonly MediaSession[]; readonly look: Timer }
  /** This replica has ended the session of the participant. */
  | { readonly name: 'unwatched'; readonly sessions: readonly MediaSession[] };
type Watched = Extract<OlderSessions, { name: 'watched' }>;

/**
 * How often an older session is looked at. One that carries nothing was left, or its client is gone. One that
 * carries media is what the client shows: it is kept until the grace of the drain ends.
 */
const LOOK_EVERY_MS = 15_000;
/** Errors after which an older session may still carry media. */
const UNKNOWN: ReadonlySet<string> = new Set(['timeout', 'unavailable'] satisfies ErrorCode[]);
/** Errors of a node that is gone, or may be. */
const UNANSWERED: ReadonlySet<string> = new Set(['timeout', 'no_capacity'] satisfies ErrorCode[]);
const NONE: OlderSessions = { name: 'none' };

export class MediaSessions {
  readonly #options: MediaSessionsOptions;
  #current: MediaSession | undefined;
  #older: OlderSessions = NONE;
  /** Those who wait for the answer of a node, by the epoch of the session that they asked about. */
  readonly #asked = new Map<() => void, number>();

  constructor(options: MediaSessionsOptions) {
    this.#options = options;
  }

  /** The newest, which the client has or is sent next. Undefined before the first one was opened. */
  get current(): MediaSession | undefined {
    return this.#current;
  }

  /**
   * A newer session. The one before is kept for a while if it is on another node. Its answers are not waited for any
   * more: a node that was killed gives none, and requests about the newer one would come after them.
   */
  adopt(session: MediaSession): void {
    const before = this.#current;
    this.#current = session;
    if (!before || before.epoch === session.epoch) return;
    for (const [giveUp, epoch] of this.#asked) if (epoch !== session.epoch) giveUp();
    // A node has one session of a participant: it closed the older one itself.
    const older = [...this.#olderSessions, before].filter(
      ({ nodeId }) => nodeId !== session.nodeId,
    );
    this.#stopWatching();
    this.#older = this.#watch(older, this.#options.drainGraceMs);
  }

  /** The client receives everything on the current session. */
  settled(epoch: number): void {
    if (epoch === this.#current?.epoch) this.#closeOlder();
  }

  /** @throws ParleyError `stale_epoch` when the participant has no such session any more */
  ofEpoch(epoch: number): MediaSession {
    const session = this.#all.find((known) => known.epoch === epoch);
    if (!session) throw new ParleyError('stale_epoch');
    return session;
  }

  /**
   * To the session of an epoch.
   *
   * @throws ParleyError `stale_epoch` when the participant has no such session any more, or a newer one and the node
   * of this one has ended or does not answer; what the node answers
   */
  async sendTo<K extends MediaCommand>(
    epoch: number,
    command: K,
    params: MediaParams<K>,
  ): Promise<MediaResult<K>> {
    const session = this.ofEpoch(epoch);
    try {
      return await this.#ask(session, command, params);
    } catch (cause) {
      const isOlder = epoch !== this.#current?.epoch;
      if (!isOlder || !UNANSWERED.has(ParleyError.from(cause).code)) throw cause;
      throw new ParleyError('stale_epoch', { cause });
    }
  }

  /** Asks the current session. @throws ParleyError `media_failed` when there is none, or the node's */
  async send<K extends MediaCommand>(command: K, params: MediaParams<K>): Promise<MediaResult<K>> {
    if (!this.#current) throw new ParleyError('media_failed');
    return this.#ask(this.#current, command, params);
  }

  /** Asks every session. @throws ParleyError what the current one answers */
  async sendToAll<K extends MediaCommand>(command: K, params: MediaParams<K>): Promise<void> {
    const { media } = this.#options;
    for (const { nodeId } of this.#olderSessions)
      media.send(nodeId, command, params).catch(() => {});
    await this.send(command, params);
  }

  async closeAll(): Promise<void> {
    const all = this.#all;
    this.#stopWatching();
    this.#older = NONE;
    await Promise.all(all.map((session) => this.#close(session)));
  }

  /** Nothing is timed any more. Open sessions are left to the replica that has the participant now. */
  end(): void {
    this.#stopWatching();
    this.#older = { name: 'unwatched', sessions: this.#olderSessions };
  }

  /** @throws ParleyError what the node answers, or `timeout` when a newer session comes before its answer */
  #ask<K extends MediaCommand>(
    { nodeId, epoch }: MediaSession,
    command: K,
    params: MediaParams<K>,
  ): Promise<MediaResult<K>> {
    const { promise, resolve, reject } = Promise.withResolvers<MediaResult<K>>();
    const giveUp = () => reject(new ParleyError('timeout'));
    this.#asked.set(giveUp, epoch);
    const answer = this.#options.media.send(nodeId, command, params);
    answer.then(resolve, reject).finally(() => this.#asked.delete(giveUp));
    return promise;
  }

  get #olderSessions(): readonly MediaSession[] {
    return this.#older.name === 'none' ? [] : this.#older.sessions;
  }

  get #all(): readonly MediaSession[] {
    return [...(this.#current ? [this.#current] : []), ...this.#olderSessions];
  }

  /** @param graceMs how long sessions that carry media are kept from now on */
  #watch(sessions: readonly MediaSession[], graceMs: number): OlderSessions {
    if (sessions.length === 0) return NONE;
    const watched: Watched = {
      name: 'watched',
      sessions,
      look: this.#options.resources.after(LOOK_EVERY_MS, () => {
        void this.#look(watched, graceMs - LOOK_EVERY_MS);
      }),
    };
    return watched;
  }

  async #look(watched: Watched, graceMs: number): Promise<void> {
    if (graceMs <= 0) {
      this.#closeOlder();
      return;
    }
    const { sessions } = watched;
    const carries = await Promise.all(sessions.map((session) => this.#carries(session)));
    // A newer session was opened meanwhile, or the client has settled, or the session is over.
    if (this.#older !== watched) return;
    const left = sessions.filter((_, index) => !carries[index]);
    for (const session of left) void this.#close(session);
    this.#older = this.#watch(
      sessions.filter((_, index) => carries[index]),
      graceMs,
    );
  }

  async #carries({ nodeId, epoch }: MediaSession): Promise<boolean> {
    const { room, participantId, media } = this.#options;
    try {
      return (await media.send(nodeId, 'carries', { room, participantId, epoch })).carries;
    } catch (error) {
      return UNKNOWN.has(ParleyError.from(error).code);
    }
  }

  #closeOlder(): void {
    const older = this.#olderSessions;
    this.#stopWatching();
    this.#older = NONE;
    for (const session of older) void this.#close(session);
  }

  #stopWatching(): void {
    if (this.#older.name === 'watched') this.#older.look.close();
  }

  #close({ nodeId, epoch }: MediaSession): Promise<void> {
    const { room, participantId, media } = this.#options;
    return media.close(nodeId, { room, participantId, epoch });
  }
}
