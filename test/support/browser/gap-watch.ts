// Records in the page when each frame of a tile was shown, to prove that a picture never stood still.
import type { JSHandle, Locator } from 'playwright-core';

export interface GapWatch {
  /**
   * The longest time between two frames since the watch began, to now, less the time in which the whole page
   * stood still: a starved machine shows no frames at all. Milliseconds.
   *
   * @param sender a watch on the sender's page: its stalls are excused as well
   */
  longestGapMs(sender?: GapWatch): Promise<number>;
}

interface Times {
  /** When a frame of the video was shown. */
  frames: number[];
  /** When the page could draw at all. */
  paints: number[];
}

/** Frames before the watch counts as begun: the first one may take as long as it likes. */
const SETTLED_FRAMES = 5;
/** A page without a paint for this long stood still. Even on a slow machine two paints are closer. */
const STALL_MS = 150;
/** The time such a page may take; the rest of the stall is excused. */
const PAINT_MS = 50;

/** Resolves once the picture moves. */
export async function gapWatch(tile: Locator): Promise<GapWatch> {
  const record: JSHandle<Times> = await tile
    .locator('video')
    .evaluateHandle((video: HTMLVideoElement, settledFrames) => {
      const times: Times = { frames: [], paints: [] };
      return new Promise<Times>((resolve) => {
        const onPaint = () => {
          times.paints.push(performance.now());
          requestAnimationFrame(onPaint);
        };
        const onFrame = () => {
          times.frames.push(performance.now());
          if (times.frames.length === settledFrames) resolve(times);
          video.requestVideoFrameCallback(onFrame);
        };
        onPaint();
        video.requestVideoFrameCallback(onFrame);
      });
    }, SETTLED_FRAMES);
  const absolute = () =>
    record.evaluate(({ frames, paints }) => {
      const at = (time: number) => performance.timeOrigin + time;
      const now = at(performance.now());
      return { frames: [...frames.map(at), now], paints: [...paints.map(at), now] };
    });
  const watch: GapWatch = {
    async longestGapMs(sender) {
      const { frames, paints } = await absolute();
      const theirs = sender ? ((await recordings.get(sender)?.())?.paints ?? []) : [];
      return longestGap(frames.slice(SETTLED_FRAMES - 1), paints, theirs);
    },
  };
  recordings.set(watch, absolute);
  return watch;
}

/** For two participants who watch each other, each one's {@link GapWatch.longestGapMs}. */
export function longestGaps(one: GapWatch, other: GapWatch): Promise<[number, number]> {
  return Promise.all([one.longestGapMs(other), other.longestGapMs(one)]);
}

/** The recording of each watch, by the machine's clock. */
const recordings = new WeakMap<GapWatch, () => Promise<Times>>();

/**
 * @param frames as ascending times, like all that follow. Milliseconds.
 * @param ticks of what could have shown or sent them, had it not stood still itself
 */
export function longestGap(frames: readonly number[], ...ticks: (readonly number[])[]): number {
  const stalls = union(ticks.flatMap(stallsIn));
  let longest = 0;
  for (const [from, to] of pairs(frames)) {
    if (to - from <= longest) continue;
    const excused = stalls.map(([a, b]) => Math.max(0, Math.min(b, to) - Math.max(a, from)));
    longest = Math.max(longest, to - from - excused.reduce((sum, part) => sum + part, 0));
  }
  return longest;
}

type Interval = readonly [from: number, to: number];

function stallsIn(ticks: readonly number[]): Interval[] {
  return pairs(ticks)
    .filter(([from, to]) => to - from >= STALL_MS)
    .map(([from, to]) => [from + PAINT_MS, to]);
}

/** The same time, counted once. */
function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const [from, to] of [...intervals].sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && from <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
}

function pairs(times: readonly number[]): Interval[] {
  return times.slice(1).map((time, index) => [times[index] ?? time, time]);
}
