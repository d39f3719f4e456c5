// Whether a newer media session sends as much as the one before. A machine that encodes everything twice may
// need a while for it, and others see the older one until then.
import type { Sample } from './liveness.ts';

/** The interval between looks, while there are two sessions. */
const POLL_MS = 200;
/** The frames of this long are compared. */
const WINDOW_MS = 600;
/** The share of the older one's frames in that time. Below 1, since they are counted at different moments. */
const ENOUGH = 0.7;

/** The two media sessions whose sending is compared. */
export interface Pair<S> {
  readonly newest: S;
  readonly older: S;
}

export interface SendingWatchOptions<S> {
  /** Undefined while there is nothing to compare. */
  pair(): Pair<S> | undefined;
  report(session: S): Promise<Pick<RTCStatsReport, 'forEach'>>;
  /** The newer one sends as much as the older, from now on. */
  onKeepsUp(): void;
}

export class SendingWatch<S> {
  readonly #options: SendingWatchOptions<S>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #polling = false;
  #closed = false;
  #pair: Pair<S> | undefined;
  #samples: Sample[] = [];
  #done: S | undefined;

  constructor(options: SendingWatchOptions<S>) {
    this.#options = options;
  }

  /** Whether this newest session has kept up with the one before it. */
  keepsUp(newest: S): boolean {
    return this.#done === newest;
  }

  /** Starts the timer, if there is something to compare and it does not run yet. */
  start(): void {
    if (this.#closed || this.#polling || this.#timer !== undefined) return;
    const pair = this.#options.pair();
    if (!pair || this.keepsUp(pair.newest)) return;
    this.#timer = setTimeout(() => void this.#poll(pair), POLL_MS);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #poll(pair: Pair<S>): Promise<void> {
    const { report, onKeepsUp } = this.#options;
    this.#timer = undefined;
    this.#polling = true;
    // A transport that was closed meanwhile has no stats; the next look knows which sessions are left.
    const reports = await Promise.all([report(pair.newest), report(pair.older)]).catch(() => []);
    this.#polling = false;
    if (this.#closed) return;
    const [newest, older] = reports;
    if (newest && older) {
      if (this.#pair?.newest !== pair.newest || this.#pair.older !== pair.older) this.#samples = [];
      this.#pair = pair;
      const at = performance.now();
      this.#samples.push({ at, awaited: framesSent(newest), shown: framesSent(older) });
      if (sendsAsMuch(this.#samples)) {
        this.#done = pair.newest;
        onKeepsUp();
      }
    }
    this.start();
  }
}

/** Frames of the layer that has most of them: a new path begins with the small layers. */
export function framesSent(report: Pick<RTCStatsReport, 'forEach'>): number {
  let most = 0;
  report.forEach(({ type, kind, framesEncoded = 0 }) => {
    if (type === 'outbound-rtp' && kind === 'video') most = Math.max(most, framesEncoded);
  });
  return most;
}

/** @param samples oldest first */
export function sendsAsMuch(samples: readonly Sample[]): boolean {
  const now = samples.at(-1);
  const then = samples.findLast(({ at }) => now && now.at - at >= WINDOW_MS);
  // Where the older one sends no picture (camera off, or audio only) there is nothing to compare.
  return (
    now !== undefined &&
    then !== undefined &&
    now.awaited - then.awaited >= ENOUGH * (now.shown - then.shown)
  );
}
