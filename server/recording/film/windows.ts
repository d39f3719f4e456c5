// Films are rendered window by window: each is one run of ffmpeg, with bounded inputs, scenes and memory.
import type { Scene } from './scenes.ts';
import { FPS, type Take, timeOf } from './takes.ts';

export interface WindowLimits {
  frames: number;
  /** Each has filters of its own. */
  scenes: number;
  /** Each is an open file with a decoder. */
  inputs: number;
}

/** Each window decodes from the last key frame before it: a minute makes little of that, and of a repeated one. */
export const LONGEST_SECONDS = 60;
const SHORTEST_SECONDS = 10;
const SCENES = 16;
const INPUTS = 48;

/** @param atOnce windows that are rendered at the same time: each of them is to have as much work as the others */
export function windowLimits(totalFrames: number, atOnce: number): WindowLimits {
  const longest = LONGEST_SECONDS * FPS;
  const windows = atOnce * Math.max(1, Math.ceil(totalFrames / (longest * atOnce)));
  const frames = Math.max(SHORTEST_SECONDS * FPS, Math.ceil(totalFrames / windows));
  return { frames, scenes: SCENES, inputs: INPUTS };
}

/** A part of a take. The scenes count frames from the window's first. */
export interface Window {
  /** UTC milliseconds of its first frame. */
  startMs: number;
  frames: number;
  scenes: Scene[];
}

function filesOf(scenes: readonly Scene[]): Set<string> {
  return new Set(
    scenes.flatMap(({ tiles }) => tiles.flatMap(({ segment }) => segment?.file ?? [])),
  );
}

/** @param scenes of the take, in order, without a hole */
export function windowsOf(take: Take, scenes: readonly Scene[], limits: WindowLimits): Window[] {
  const windows: Window[] = [];
  let pending: Scene[] = [];
  const first = () => pending[0]?.from ?? 0;
  const cut = () => {
    const begin = first();
    const end = pending.at(-1)?.to ?? begin;
    if (end === begin) return;
    windows.push({
      startMs: timeOf(take, begin),
      frames: end - begin,
      scenes: pending.map((scene) => ({
        ...scene,
        from: scene.from - begin,
        to: scene.to - begin,
      })),
    });
    pending = [];
  };
  for (const scene of scenes) {
    let rest = scene;
    const full =
      pending.length >= limits.scenes ||
      (pending.length > 0 && filesOf([...pending, scene]).size > limits.inputs);
    if (full) cut();
    for (;;) {
      const begin = pending.length === 0 ? rest.from : first();
      const end = begin + limits.frames;
      if (rest.to <= end) break;
      if (end > rest.from) pending.push({ ...rest, to: end });
      cut();
      rest = { ...rest, from: Math.max(rest.from, end) };
    }
    pending.push(rest);
  }
  cut();
  return windows;
}
