// From UTC to the frames of a film: what was paused is cut out, and everything stands on one grid of frames.
import { type Interval, without } from '../manifest/intervals.ts';
import type { Timeline } from '../manifest/timeline.ts';

export const FPS = 30;
const FRAME_MS = 1_000 / FPS;

/** A stretch of the recording that is shown without a cut. */
export interface Take {
  /** UTC milliseconds of its first frame. */
  startMs: number;
  frames: number;
  /** Its first frame in the film. */
  first: number;
}

export function takesOf(timeline: Pick<Timeline, 'startMs' | 'endMs' | 'pauses'>): Take[] {
  const { startMs, endMs, pauses } = timeline;
  let first = 0;
  return without([{ from: startMs, to: endMs }], pauses).flatMap(({ from, to }) => {
    const frames = Math.round((to - from) / FRAME_MS);
    if (frames === 0) return [];
    const take = { startMs: from, frames, first };
    first += frames;
    return [take];
  });
}

/** @returns UTC milliseconds of a frame of the take */
export function timeOf(take: Pick<Take, 'startMs'>, frame: number): number {
  return take.startMs + frame * FRAME_MS;
}

/** @returns frames of the take, from the first to before the last; undefined for none */
export function framesOf(take: Take, { from, to }: Interval): Interval | undefined {
  const grid = (ms: number) =>
    Math.min(take.frames, Math.max(0, Math.round((ms - take.startMs) / FRAME_MS)));
  const frames = { from: grid(from), to: grid(to) };
  return frames.to > frames.from ? frames : undefined;
}

/** @returns milliseconds from the film's beginning; of what was paused, the cut */
export function filmMsOf(takes: readonly Take[], utcMs: number): number {
  let ms = 0;
  for (const take of takes) {
    if (utcMs < take.startMs) break;
    ms = Math.min(
      take.first * FRAME_MS + utcMs - take.startMs,
      (take.first + take.frames) * FRAME_MS,
    );
  }
  return ms;
}

export function totalFrames(takes: readonly Take[]): number {
  return takes.reduce((sum, { frames }) => sum + frames, 0);
}
