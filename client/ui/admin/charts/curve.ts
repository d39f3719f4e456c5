// Turns samples over time into the lines and areas of a curve. Pure.

/** The curves show the last hour. Milliseconds. */
export const WINDOW_MS = 3_600_000;
/** Samples further apart than this have a gap between them: no node took samples then. */
const GAP_MS = 45_000;
/** The same for rarer samples: this many times the usual interval. */
const GAP_FACTOR = 2.5;

export interface Point {
  /** UTC milliseconds. */
  at: number;
  /** null: not known then. */
  value: number | null;
}

export interface Frame {
  /** CSS pixels or any other unit. */
  width: number;
  height: number;
  /** The newest moment that is shown, UTC milliseconds. */
  now: number;
  /** The value at the upper edge. */
  top: number;
}

/** An SVG path with gaps where values are unknown. */
export function linePath(points: readonly Point[], frame: Frame): string {
  return runsOf(points)
    .map((run) => run.map((point, index) => `${index === 0 ? 'M' : 'L'}${spot(point, frame)}`))
    .map((steps) => (steps.length === 1 ? `${steps[0]}h1` : steps.join('')))
    .join('');
}

/**
 * Closed SVG paths, one for each row, each on top of the ones before it.
 *
 * @param at of each sample
 * @param rows values of each row, by sample
 */
export function stackedPaths(
  at: readonly number[],
  rows: readonly (readonly number[])[],
  frame: Frame,
): string[] {
  let below = at.map(() => 0);
  return rows.map((row) => {
    const floor = below;
    const ceiling = floor.map((value, index) => value + (row[index] ?? 0));
    below = ceiling;
    const edges = at.map((moment, index) => ({ at: moment, value: ceiling[index] ?? 0, index }));
    return runsOf(edges)
      .map((run) => {
        const upper = run.map((point) => spot(point, frame));
        const lower = run.map(({ at: moment, index }) =>
          spot({ at: moment, value: floor[index] ?? 0 }, frame),
        );
        return `M${[...upper, ...lower.reverse()].join('L')}Z`;
      })
      .join('');
  });
}

/** The smallest of 1, 2, 5, 10, 20, … that is no less than any value; at least 1. */
export function niceTop(values: readonly (number | null)[]): number {
  const highest = Math.max(1, ...values.map((value) => value ?? 0));
  const decade = 10 ** Math.floor(Math.log10(highest));
  return ([1, 2, 5, 10].find((step) => step * decade >= highest) ?? 10) * decade;
}

/** A few of many, at even intervals and with the newest: for a table. */
export function someOf<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  const step = (all.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => all[Math.round(index * step)]).filter(
    (each) => each !== undefined,
  );
}

/** Runs of samples without a gap. */
function runsOf<P extends Point>(points: readonly P[]): (P & { value: number })[][] {
  const runs: (P & { value: number })[][] = [];
  const gapMs = Math.max(GAP_MS, usualMs(points) * GAP_FACTOR);
  let last: number | undefined;
  for (const point of points) {
    const { value } = point;
    if (value === null) {
      last = undefined;
      continue;
    }
    const known = { ...point, value };
    if (last === undefined || point.at - last > gapMs) runs.push([known]);
    else runs.at(-1)?.push(known);
    last = point.at;
  }
  return runs;
}

/** The median interval between two samples. */
function usualMs(points: readonly Point[]): number {
  const steps = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? at));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}

function spot({ at, value }: { at: number; value: number }, frame: Frame): string {
  const { width, height, now, top } = frame;
  const x = Math.max(0, 1 - (now - at) / WINDOW_MS) * width;
  const y = (1 - Math.min(1, value / top)) * height;
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
