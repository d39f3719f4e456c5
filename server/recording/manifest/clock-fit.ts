// When each moment of a segment was captured: a line through what its clock lines say.
import type { LineOf } from './lines.ts';

/** What was captured at `mediaMs` of the segment was captured at `zeroMs + rate * mediaMs`, UTC milliseconds. */
export interface SegmentClock {
  zeroMs: number;
  /** UTC milliseconds that pass in a millisecond of the segment. */
  rate: number;
}

/** Below this the noise of single reports is larger than what a clock drifts. */
const DRIFT_SPAN_MS = 10_000;
/** Clocks of computers are within 100 ppm; a report that says more than this is wrong. */
const MOST_DRIFT = 1e-3;
/** Every pair of lines is compared: 8 hours have thousands of lines, and these are enough. */
const MOST_LINES = 120;
/** The newest lines are the truest: those that tell where a short segment is. */
const NEWEST_LINES = 5;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
    : (sorted[Math.floor(middle)] ?? 0);
}

function thinned<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  const step = (values.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => values[Math.round(index * step)]).filter(
    (value) => value !== undefined,
  );
}

type ClockLine = Pick<LineOf<'clock'>, 'mediaMs' | 'utcMs'>;

/** Theil–Sen: the median of all slopes, which a quarter of wrong lines do not move. */
function slope(lines: readonly ClockLine[]): number {
  const slopes: number[] = [];
  for (const [index, one] of lines.entries()) {
    for (const other of lines.slice(index + 1)) {
      const media = other.mediaMs - one.mediaMs;
      if (Math.abs(media) >= DRIFT_SPAN_MS / 4) slopes.push((other.utcMs - one.utcMs) / media);
    }
  }
  return slopes.length === 0 ? 1 : median(slopes);
}

/** @param lines of one segment, in the order in which they were written */
export function fitClock(startedAt: number, lines: readonly ClockLine[]): SegmentClock {
  if (lines.length === 0) return { zeroMs: startedAt, rate: 1 };
  const media = lines.map(({ mediaMs }) => mediaMs);
  const span = Math.max(...thinned(media, 1_000)) - Math.min(...thinned(media, 1_000));
  if (lines.length < 3 || span < DRIFT_SPAN_MS) {
    const newest = lines.slice(-NEWEST_LINES);
    return { zeroMs: median(newest.map(({ mediaMs, utcMs }) => utcMs - mediaMs)), rate: 1 };
  }
  const few = thinned(lines, MOST_LINES);
  const rate = Math.min(1 + MOST_DRIFT, Math.max(1 - MOST_DRIFT, slope(few)));
  return { zeroMs: median(few.map(({ mediaMs, utcMs }) => utcMs - rate * mediaMs)), rate };
}
