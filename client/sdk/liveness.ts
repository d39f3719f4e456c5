// Whether the media of a new consumer has arrived, so that it can take over from an older one.

/** How often it is looked for, while something is waited for. A browser keeps its stats this long. */
const POLL_MS = 50;
/** With a path that is there, longer than any key frame takes: what sends nothing is shown so, too. */
const LIVE_TIMEOUT_MS = 4_000;

export interface Awaited {
  readonly trackId: string;
  readonly track: MediaStreamTrack;
}

export interface LivenessWatchOptions<A extends Awaited> {
  /** `getStats()` of the transport that brings them. */
  stats(): Promise<RTCStatsReport>;
  isConnected(): boolean;
  /** Muted, or paused by us: nothing will come, so nothing is waited for. */
  isSilent(trackId: string): boolean;
  onLive(arrived: readonly A[]): void;
}

export class LivenessWatch<A extends Awaited> {
  readonly #options: LivenessWatchOptions<A>;
  /** With the time since which each could have arrived; undefined while there is no path. */
  #waiting = new Map<A, number | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #polling = false;

  constructor(options: LivenessWatchOptions<A>) {
    this.#options = options;
  }

  /** These, and no others, are waited for. */
  watch(awaited: readonly A[]): void {
    this.#waiting = new Map(awaited.map((one) => [one, this.#waiting.get(one)]));
    this.#schedule();
  }

  /** Idempotent. */
  close(): void {
    this.#waiting.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    if (this.#waiting.size === 0 || this.#polling) return;
    this.#timer ??= setTimeout(() => void this.#poll(), POLL_MS);
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    this.#polling = true;
    const { stats, isConnected, isSilent, onLive } = this.#options;
    const connected = isConnected();
    // A transport that was closed meanwhile has no stats, and nothing more to wait for.
    const report = connected ? await stats().catch(() => undefined) : undefined;
    this.#polling = false;
    const arrived = report ? arrivedTracks(report) : new Set<string>();
    const now = performance.now();
    const live: A[] = [];
    for (const [one, before] of this.#waiting) {
      const since = connected ? (before ?? now) : undefined;
      const isLate = since !== undefined && now - since >= LIVE_TIMEOUT_MS;
      if (isLate || arrived.has(one.track.id) || isSilent(one.trackId)) {
        this.#waiting.delete(one);
        live.push(one);
      } else {
        this.#waiting.set(one, since);
      }
    }
    if (live.length > 0) onLive(live);
    this.#schedule();
  }
}

/** The ids of the MediaStreamTracks of which a frame was decoded, or sound arrived. */
export function arrivedTracks(report: Pick<RTCStatsReport, 'forEach'>): Set<string> {
  const arrived = new Set<string>();
  report.forEach(({ type, kind, trackIdentifier, framesDecoded = 0, packetsReceived = 0 }) => {
    if (type !== 'inbound-rtp' || trackIdentifier === undefined) return;
    if ((kind === 'video' ? framesDecoded : packetsReceived) > 0) arrived.add(trackIdentifier);
  });
  return arrived;
}
