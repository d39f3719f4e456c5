// When the browser is asked to find out whether it may send more. Pure.
//
// Chromium halves its estimate of the bandwidth several times in the first second of a call when
// computer or server are too busy to answer in time. From there the estimate grows by 8% a second, and not
// beyond one and a half times what is sent: larger layers are missing for half a minute on a network that
// has room for them. Any change of what may be sent makes Chromium try a short burst of up to twice
// the estimate, unless it sends nearly all that it may, or sees loss or growing delay. So a full network
// is asked for nothing.

/** One encoding of a track, as the browser sends it. All in bits per second. */
export interface SentLayer {
  readonly maxBitrate: number;
  /** What the browser aims at now; 0 for a layer that it leaves out. */
  readonly targetBitrate: number;
}

export interface Climb {
  /** Milliseconds of a monotonic clock. */
  readonly nextAtMs: number;
  readonly waitMs: number;
  /** The sum of the targets when the browser was asked last. */
  readonly sent: number;
}

/** An estimate that doubles each time is at its end after four or five of these. */
export const CLIMB_FIRST_WAIT_MS = 1_000;
/** A network that stays narrow is asked this rarely. */
export const CLIMB_LAST_WAIT_MS = 4_000;
/** Chromium keeps about a sixth back: a target of five sixths is all that it ever says. */
const SATISFIED = 0.75;
const GAINED = 1.1;

/**
 * @returns whether to ask now, and what to remember; no memory while all layers have what they may have
 */
export function climb(
  before: Climb | undefined,
  layers: readonly SentLayer[],
  nowMs: number,
): { ask: boolean; next: Climb | undefined } {
  const lacks = layers.some(
    ({ maxBitrate, targetBitrate }) => targetBitrate < maxBitrate * SATISFIED,
  );
  if (!lacks) return { ask: false, next: undefined };
  const sent = layers.reduce((sum, { targetBitrate }) => sum + targetBitrate, 0);
  if (!before) {
    const waitMs = CLIMB_FIRST_WAIT_MS;
    return { ask: false, next: { waitMs, nextAtMs: nowMs + waitMs, sent } };
  }
  if (nowMs < before.nextAtMs) return { ask: false, next: before };
  const gained = sent >= before.sent * GAINED && sent > 0;
  const waitMs = gained ? CLIMB_FIRST_WAIT_MS : Math.min(before.waitMs * 2, CLIMB_LAST_WAIT_MS);
  return { ask: true, next: { waitMs, nextAtMs: nowMs + waitMs, sent } };
}
