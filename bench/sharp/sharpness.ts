// From the frames that were presented after a change to how soon the picture was sharp, and how long it stood still. Pure.
import type { PresentedFrame } from './picture-watch.ts';

export interface Sharpness {
  /** The height that the picture has in the end. */
  height: number;
  /** From the change to the first frame at all. */
  firstMs: number;
  /** From the change to the first frame of that height. */
  sharpMs: number;
  /** The longest time between two frames, until a second after it was sharp. */
  stillMs: number;
}

/** @returns undefined when there are no frames */
export function sharpness(
  frames: readonly PresentedFrame[],
  sinceMs: number,
): Sharpness | undefined {
  const height = Math.max(0, ...frames.map((frame) => frame.height));
  const first = frames[0];
  const sharp = frames.find((frame) => frame.height === height);
  if (!first || !sharp) return undefined;
  const shown = frames.filter(({ at }) => at <= sharp.at + 1_000);
  const gaps = shown.slice(1).map(({ at }, index) => at - (shown[index]?.at ?? at));
  return {
    height,
    firstMs: first.at - sinceMs,
    sharpMs: sharp.at - sinceMs,
    stillMs: Math.max(0, ...gaps),
  };
}
