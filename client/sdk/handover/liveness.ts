// Whether a new consumer brings as many frames as the one that it replaces, so that it can take over.

/** The interval between looks, while any track waits. A browser keeps its stats this long. */
const POLL_MS = 50;
/**
 * With a connected path, a new consumer without frames is shown after this long, which is more than any start
 * takes. While the older one still brings frames it stays on screen, however long.
 */
const LIVE_TIMEOUT_MS = 4_000;
/**
 * A new path brings its first frame at once, and then often none for a quarter of a second, while sender and
 * server find out its bandwidth. So the frames of this long are compared.
 */
const WINDOW_MS = 400;
/** A picture without a frame for this long stands still. Cameras pause for less. */
const STILL_MS = 200;
/** The share of the other's frames in that time. Below 1, since they are counted at different moments. */
const ENOUGH = 0.7;
/** Packets of sound, 20 ms each: the browser has filled its buffer then, and plays without a gap. */
const FIRST_PACKETS = 5;

export interface Awaited {
  readonly trackId: string;
  readonly track: MediaStreamTrack;
}

/** A consumer that may take over. */
export interface Contest<A extends Awaited> {
  readonly awaited: A;
  /** The track on screen meanwhile. */
  readonly shown: MediaStreamTrack;
  /** Whether the new one has a path. */
  readonly isConnected: boolean;
}

export interface LivenessWatchOptions<A extends Awaited> {
  /** Reports of all transports that receive. */
  reports(): Promise<readonly Pick<RTCStatsReport, 'forEach'>[]>;
  /** True when muted, or paused by us: then no packets will come, and none are waited for. */
  isSilent(trackId: string): boolean;
  /** The tracks that wait to replace others. Read at every look. */
  contests(): readonly Contest<A>[];
  onLive(arrived: readonly A[]): void;
}

/** Totals of both tracks at one time: frames of a picture, packets of sound. */
export interface Sample {
  at: number;
  awaited: number;
  shown: number;
}

interface Waiting {
  shown: MediaStreamTrack;
  samples: Sample[];
  /** Since when it could have arrived while the other brought nothing; undefined while there is no path. */
  since: number | undefined;
}

export class LivenessWatch<A extends Awaited> {
  readonly #options: LivenessWatchOptions<A>;
  #waiting = new Map<A, Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #polling = false;
  #closed = false;

  constructor(options: LivenessWatchOptions<A>) {
    this.#options = options;
  }

  /** Starts the timer, if any track waits and it does not run yet. */
  start(): void {
    if (this.#closed || this.#polling || this.#timer !== undefined) return;
    if (this.#options.contests().length > 0) {
      this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
    } else {
      this.#waiting.clear();
    }
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #poll(): Promise<void> {
    const { reports, contests, onLive } = this.#options;
    this.#timer = undefined;
    this.#polling = true;
    // A transport that was closed meanwhile has no stats; the next look knows who is left.
    const counts = arrivals(await reports().catch(() => []));
    this.#polling = false;
    if (this.#closed) return;
    const before = this.#waiting;
    this.#waiting = new Map();
    const live = contests().flatMap((contest) => {
      const known = before.get(contest.awaited);
      return this.#isLive(contest, known, counts) ? [contest.awaited] : [];
    });
    if (live.length > 0) onLive(live);
    this.start();
  }

  #isLive(
    { awaited, shown, isConnected }: Contest<A>,
    before: Waiting | undefined,
    counts: ReadonlyMap<string, number>,
  ): boolean {
    const now = performance.now();
    const samples = before?.shown === shown ? before.samples : [];
    const count = ({ id }: MediaStreamTrack) => counts.get(id) ?? 0;
    samples.push({ at: now, awaited: count(awaited.track), shown: count(shown) });
    const carries = samples.at(-1)?.shown !== samples.at(-2)?.shown && samples.length > 1;
    const since = isConnected ? ((carries ? undefined : before?.since) ?? now) : undefined;
    this.#waiting.set(awaited, { shown, samples, since });
    const hasArrived =
      awaited.track.kind === 'audio' ? count(awaited.track) >= FIRST_PACKETS : keepsUp(samples);
    const isLate = since !== undefined && now - since >= LIVE_TIMEOUT_MS;
    return hasArrived || isLate || this.#options.isSilent(awaited.trackId);
  }
}

/** Frames that were decoded, or packets of sound, by the id of their MediaStreamTrack. */
export function arrivals(reports: readonly Pick<RTCStatsReport, 'forEach'>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const report of reports) {
    report.forEach(({ type, kind, trackIdentifier, framesDecoded = 0, packetsReceived = 0 }) => {
      if (type !== 'inbound-rtp' || trackIdentifier === undefined) return;
      counts.set(trackIdentifier, kind === 'video' ? framesDecoded : packetsReceived);
    });
  }
  return counts;
}

/**
 * Whether a new picture has begun, and brought as many frames lately as the one on screen. If that one stands
 * still, the first frame is enough.
 *
 * @param samples oldest first
 */
export function keepsUp(samples: readonly Sample[]): boolean {
  const now = samples.at(-1);
  if (!now || now.awaited === 0) return false;
  const lately = samples.findLast(({ at }) => now.at - at >= STILL_MS);
  if (lately?.shown === now.shown) return true;
  const then = samples.findLast(({ at }) => now.at - at >= WINDOW_MS);
  return then !== undefined && now.awaited - then.awaited >= ENOUGH * (now.shown - then.shown);
}
