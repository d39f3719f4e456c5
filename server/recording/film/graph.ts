// The picture of one window, as ffmpeg is told of it: every file opened and decoded once, every frame counted.

import type { TimelineSegment } from '../manifest/segments.ts';
import type { Size } from './layouts.ts';
import type { Tile } from './scenes.ts';
import { FPS } from './takes.ts';
import { BACKGROUND } from './text/titles.ts';
import type { Window } from './windows.ts';

/** Files beside the graph, in the folder in which ffmpeg runs: their names need no escaping. */
export const CARDS_FILE = 'cards.ass';
export const NAMES_FILE = 'names.ass';

/** A picture that is older than this at the window's beginning is not looked for: a still screen sends one a second. */
const LOOK_BACK_MS = 2_000;
const HOLD_FRAMES = FPS;
/** Finer than the milliseconds of Matroska: rounding twice would lose frames. */
const TICKS = 90_000;

interface Input {
  segment: TimelineSegment;
  /** Where it is shown: the scene, and the tile in it. */
  uses: { scene: number; tile: number }[];
}

function inputsOf({ scenes }: Window): Input[] {
  const inputs = new Map<string, Input>();
  for (const [scene, { tiles }] of scenes.entries()) {
    for (const [tile, { segment }] of tiles.entries()) {
      if (segment === undefined) continue;
      const known = inputs.get(segment.file);
      if (known === undefined) inputs.set(segment.file, { segment, uses: [{ scene, tile }] });
      else known.uses.push({ scene, tile });
    }
  }
  return [...inputs.values()];
}

const seconds = (ms: number) => (ms / 1_000).toFixed(6);

/** Arguments before `-filter_complex_script`: the files, from a little before where they are shown. */
export function pictureInputs(
  window: Window,
  pathOf: (segment: TimelineSegment) => string,
): string[] {
  return inputsOf(window).flatMap(({ segment, uses }) => {
    const first = Math.min(...uses.map(({ scene }) => window.scenes[scene]?.from ?? 0));
    const utcMs = window.startMs + (first * 1_000) / FPS;
    const mediaMs = (utcMs - segment.zeroMs) / segment.rate - LOOK_BACK_MS;
    return [
      ...['-threads', '1', '-reinit_filter', '0', '-an', '-sn', '-dn'],
      // The decoder has to begin at the key frame before: what it finds on the way costs no filter anything.
      ...(mediaMs > 0 ? ['-noaccurate_seek', '-ss', seconds(mediaMs)] : []),
      ...['-i', pathOf(segment)],
    ];
  });
}

/** The clock of the segment becomes that of the window, then frame `n` is what was captured last before its time. */
function source(input: Input, index: number, { startMs }: Window): string {
  const { zeroMs, rate } = input.segment;
  const outputs = input.uses.map(({ scene, tile }) => `[s${scene}t${tile}]`);
  const split = outputs.length === 1 ? '' : `,split=${outputs.length}`;
  return (
    `[${index}:v:0]settb=1/${TICKS},setpts='PTS*${rate.toFixed(9)}+${((zeroMs - startMs) * (TICKS / 1_000)).toFixed(3)}',` +
    `fps=${FPS}:start_time=0,tpad=stop=${HOLD_FRAMES}:stop_mode=clone${split}${outputs.join('')}`
  );
}

const COLOURS = 'out_color_matrix=bt601:out_range=tv';

/** Cameras fill their tile, a screen is shown whole. */
function fitted({ rect: { width, height }, isScreen }: Tile): string {
  const scaled = (how: string) =>
    `scale=${width}:${height}:flags=bilinear:${COLOURS}:force_original_aspect_ratio=${how}`;
  return isScreen
    ? `${scaled('decrease')}:force_divisible_by=2,setsar=1,format=yuv420p`
    : `${scaled('increase')},crop=${width}:${height},setsar=1,format=yuv420p`;
}

function placed({ rect: { x, y, width, height }, isScreen }: Tile): string {
  return isScreen ? `x=${x}+(${width}-w)/2:y=${y}+(${height}-h)/2` : `x=${x}:y=${y}`;
}

/** One scene: a still of cards, and the pictures over it, one after the other. */
function scene(window: Window, index: number, size: Size): string[] {
  const { from, to, tiles } = window.scenes[index] ?? { from: 0, to: 0, tiles: [] };
  const frames = to - from;
  const still =
    `color=c=0x${BACKGROUND}:s=${size.width}x${size.height}:r=${FPS},trim=end_frame=1,format=yuv420p,setpts=${from},` +
    `ass=${CARDS_FILE},setpts=0,loop=loop=${frames - 1}:size=1,setpts=N`;
  const lines: string[] = [];
  let below = `${still}[c${index}]`;
  let name = `[c${index}]`;
  lines.push(below);
  for (const [number, tile] of tiles.entries()) {
    if (tile.segment === undefined) continue;
    const label = `[s${index}t${number}]`;
    const fit = `[s${index}f${number}]`;
    lines.push(
      `${label}trim=start_frame=${from}:end_frame=${to},setpts=PTS-${from},${fitted(tile)}${fit}`,
    );
    below = `[s${index}o${number}]`;
    lines.push(
      `${name}${fit}overlay=${placed(tile)}:eval=init:eof_action=pass:format=yuv420${below}`,
    );
    name = below;
  }
  lines.push(`${name}trim=end_frame=${frames},setpts=N,setsar=1[p${index}]`);
  return lines;
}

/** The filter graph; its output is `[picture]`, of exactly the window's frames. */
export function pictureGraph(window: Window, size: Size): string {
  const { scenes, frames } = window;
  const parts = scenes.map((_, index) => `[p${index}]`).join('');
  const joined = scenes.length === 1 ? parts : `${parts}concat=n=${scenes.length}:v=1:a=0,`;
  return [
    ...inputsOf(window).map((input, index) => source(input, index, window)),
    ...scenes.flatMap((_, index) => scene(window, index, size)),
    `${joined}ass=${NAMES_FILE},trim=end_frame=${frames},setpts=N/(${FPS}*TB)[picture]`,
  ].join(';\n');
}

/** The segments that the window shows. */
export function picturedSegments(window: Window): TimelineSegment[] {
  return inputsOf(window).map(({ segment }) => segment);
}
