// The media sessions that are open: usually one; two while a newer one takes over, make before break.

import type { MediaSession } from '../media/media-session.ts';
import { mergeStats } from '../media/merge-stats.ts';
import { LINGER_MS, type Received } from '../media/receiver.ts';
import { Handover } from './handover.ts';
import { LivenessWatch } from './liveness.ts';
import { SendingWatch } from './sending-watch.ts';
import { chooseShown, pendingOf } from './shown-tracks.ts';

/** State of a remote track: whether it is in the room, and whether media is expected of it. */
export type TrackState = 'absent' | 'silent' | 'sending';

export interface OpenSessionsOptions {
  stateOf(trackId: string): TrackState;
  /** Whether there is anything to send. */
  hasLocal(): boolean;
  /** The received tracks changed. */
  onTracks(): void;
  /** The older sessions are no longer needed: the newest is the only one. */
  onAlone(): void;
}

export class OpenSessions {
  readonly #options: OpenSessionsOptions;
  readonly #handover: Handover<MediaSession>;
  readonly #liveness: LivenessWatch<Received>;
  readonly #sending: SendingWatch<MediaSession>;
  /** Newest last. All of them receive and send; the older ones until they are no longer needed. */
  #sessions: readonly MediaSession[] = [];
  /** Media sessions without traffic, kept open until pages have removed their tracks. */
  readonly #leaving = new Map<MediaSession, ReturnType<typeof setTimeout>>();
  #shown: ReadonlyMap<string, Received> = new Map();
  /** Newer than the ones on screen, and not live yet. */
  #pending: ReadonlySet<Received> = new Set();

  constructor(options: OpenSessionsOptions) {
    this.#options = options;
    this.#handover = new Handover({
      onComplete: () => this.#end(this.#older),
      onLimit: (session) => this.#end([session]),
    });
    this.#liveness = new LivenessWatch({
      reports: () => Promise.all(this.#sessions.map(({ receiver }) => receiver.stats())),
      isSilent: (trackId) => options.stateOf(trackId) === 'silent',
      contests: () => this.#contests(),
      onLive: (arrived) => {
        for (const received of arrived) received.isLive = true;
        this.update();
      },
    });
    this.#sending = new SendingWatch({
      pair: () => this.#sendingPair(),
      report: (session) => session.sendStats(),
      onKeepsUp: () => this.review(),
    });
  }

  /** Oldest first. */
  get all(): readonly MediaSession[] {
    return this.#sessions;
  }

  get newest(): MediaSession | undefined {
    return this.#sessions.at(-1);
  }

  of(epoch: number): MediaSession | undefined {
    return this.#sessions.findLast((session) => session.epoch === epoch);
  }

  /** The tracks on screen, by track id. */
  get tracks(): ReadonlyMap<string, MediaStreamTrack> {
    return new Map([...this.#shown].map(([trackId, { track }]) => [trackId, track]));
  }

  /** Adds a newer one, which takes over from those before. */
  add(session: MediaSession): void {
    const older = this.#sessions;
    this.#sessions = [...older, session];
    this.#handover.supersede();
    // A session that never had a path is of no use.
    this.#end(older.filter((each) => !each.isSending && !this.#isSeenOf(each)));
  }

  /** The received tracks changed. */
  update(): void {
    const candidates = this.#sessions.flatMap(({ receiver }) => receiver.received);
    this.#shown = chooseShown(candidates, this.#shown);
    this.#pending = pendingOf(candidates, this.#shown);
    this.#options.onTracks();
    for (const { receiver } of this.#sessions) receiver.follow(this.#shown, this.#pending);
    if (this.#pending.size > 0) this.#liveness.start();
    this.review();
  }

  /** The room, a path, or our tracks changed: the older sessions may no longer be needed. */
  review(): void {
    const older = this.#older;
    if (older.length === 0) return;
    for (const session of older) this.#handover.carries(session, session.isCarrying);
    this.#sending.start();
    this.#handover.review({
      isShownFromOlder: older.some((session) => this.#isSeenOf(session)),
      isSending: this.#isSending,
      isOlderBroken: older.every(({ isBroken }) => isBroken),
    });
  }

  /** Tracks of the newest media session, and those still shown from older ones. */
  async stats() {
    const { newest } = this;
    if (!newest) return { send: undefined, recv: undefined };
    const [{ send, recv }, ...older] = await Promise.all([
      newest.stats(),
      ...this.#older.map(async (session) => ({ ...(await session.stats()), epoch: session.epoch })),
    ]);
    const shown = new Set([...this.tracks.values()].map(({ id }) => id));
    return { send, recv: mergeStats(recv, older, shown) };
  }

  /** Idempotent. */
  close(): void {
    this.#handover.close();
    this.#liveness.close();
    this.#sending.close();
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    for (const session of [...this.#sessions, ...this.#leaving.keys()]) session.close();
    this.#leaving.clear();
  }

  get #older(): readonly MediaSession[] {
    return this.#sessions.slice(0, -1);
  }

  get #isSending(): boolean {
    const { newest } = this;
    if (!this.#options.hasLocal()) return true;
    // A server that opens many media sessions takes tracks later: until then nobody receives them there.
    if (newest?.isSending !== true || !newest.sender.publications.areAnswered) return false;
    return this.#sendingPair() === undefined || this.#sending.keepsUp(newest);
  }

  /** Undefined unless both have a path to send on. */
  #sendingPair() {
    const { newest } = this;
    const older = this.#older.findLast(({ isSending }) => isSending);
    return newest?.isSending && older && this.#options.hasLocal() ? { newest, older } : undefined;
  }

  #contests() {
    return this.#sessions.flatMap(({ receiver }) =>
      receiver.received.flatMap((awaited) => {
        const shown = this.#shown.get(awaited.trackId)?.track;
        const { isConnected } = receiver;
        return shown && this.#pending.has(awaited) ? [{ awaited, shown, isConnected }] : [];
      }),
    );
  }

  /** Whether one of its tracks is on screen and still listed by the room. */
  #isSeenOf({ receiver }: MediaSession): boolean {
    return receiver.received.some(
      (received) =>
        this.#shown.get(received.trackId) === received &&
        this.#options.stateOf(received.trackId) !== 'absent',
    );
  }

  #end(sessions: readonly MediaSession[]): void {
    if (sessions.length === 0) return;
    this.#sessions = this.#sessions.filter((session) => !sessions.includes(session));
    for (const session of sessions) {
      this.#handover.forget(session);
      const close = () => {
        this.#leaving.delete(session);
        session.close();
      };
      this.#leaving.set(session, setTimeout(close, LINGER_MS));
    }
    this.update();
    if (this.#sessions.length === 1) this.#options.onAlone();
  }
}
