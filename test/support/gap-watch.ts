// Records in the page when each frame of a tile was shown, to prove that a picture never stood still.
import assert from 'node:assert/strict';
import type { JSHandle, Locator } from 'playwright-core';

export interface GapWatch {
  /** The longest time between two frames since the watch began, to now. Milliseconds. */
  longestGapMs(): Promise<number>;
  frames(): Promise<number>;
}

/** Frames before the watch counts as begun: the first one may take as long as it likes. */
const SETTLED_FRAMES = 5;

/** Resolves once the picture moves. */
export async function gapWatch(tile: Locator): Promise<GapWatch> {
  const times: JSHandle<number[]> = await tile
    .locator('video')
    .evaluateHandle((video: HTMLVideoElement, settledFrames) => {
      const shown: number[] = [];
      return new Promise<number[]>((resolve) => {
        const onFrame = () => {
          shown.push(performance.now());
          if (shown.length === settledFrames) resolve(shown);
          video.requestVideoFrameCallback(onFrame);
        };
        video.requestVideoFrameCallback(onFrame);
      });
    }, SETTLED_FRAMES);
  return {
    async longestGapMs() {
      const longest = await times.evaluate((shown) => {
        const all = [...shown, performance.now()];
        return Math.max(...all.slice(1).map((time, index) => time - (all[index] ?? time)));
      });
      assert.ok(Number.isFinite(longest));
      return longest;
    },
    frames: () => times.evaluate((shown) => shown.length),
  };
}
