// Records in the page when each frame of a tile was shown, to prove that a picture never stood still.
import type { JSHandle, Locator } from 'playwright-core';

export interface GapWatch {
  /**
   * The longest time between two frames since the watch began, to now, less what the whole page
   * stood still in it: a starved machine shows nothing of anybody. Milliseconds.
   */
  longestGapMs(): Promise<number>;
}

interface Times {
  /** When a frame of the video was shown. */
  frames: number[];
  /** When the page could draw at all. */
  paints: number[];
}

/** Frames before the watch counts as begun: the first one may take as long as it likes. */
const SETTLED_FRAMES = 5;

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
  return {
    async longestGapMs() {
      const { now, frames, paints } = await record.evaluate((times) => ({
        now: performance.now(),
        ...times,
      }));
      return longestGap([...frames.slice(SETTLED_FRAMES - 1), now], [...paints, now]);
    },
  };
}

/** @param frames and paints as ascending times. Milliseconds. */
export function longestGap(frames: readonly number[], paints: readonly number[]): number {
  const stalls = pairs(paints);
  let longest = 0;
  for (const [from, to] of pairs(frames)) {
    if (to - from <= longest) continue;
    const excused = stalls.map(([a, b]) => Math.min(b, to) - Math.max(a, from));
    longest = Math.max(longest, to - from - Math.max(0, ...excused));
  }
  return longest;
}

function pairs(times: readonly number[]): [number, number][] {
  return times.slice(1).map((time, index) => [times[index] ?? time, time]);
}
