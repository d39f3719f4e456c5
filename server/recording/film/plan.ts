// What ffmpeg is told, run by run: pictures, sounds, and at last the film.
import type { FilmOrder } from '../../../shared/recording/recording.ts';
import type { TimelineSegment } from '../manifest/segments.ts';
import type { Timeline } from '../manifest/timeline.ts';
import { ENCODINGS } from './encoders.ts';
import { CARDS_FILE, NAMES_FILE, picturedSegments, pictureGraph, pictureInputs } from './graph.ts';
import type { Size } from './layouts.ts';
import type { Piece } from './pieces.ts';
import { MASTERING, type SoundWindow, soundGraph, soundInputs, type Voice } from './sound.ts';
import { FPS, type Take } from './takes.ts';
import { chaptersOf, cuesOf, metadata, webVtt } from './text/captions.ts';
import { cards, names } from './text/titles.ts';
import type { Window } from './windows.ts';

/** Where a segment's file is, and its size. */
export interface Placed {
  path: string;
  bytes: number;
}
export type PlaceOf = (segment: TimelineSegment) => Placed;

const GRAPH_FILE = 'graph.txt';
/** Windows run beside each other: within one, everything is one thread's work. */
const ONE_THREAD = ['-threads', '1', '-filter_threads', '1', '-filter_complex_threads', '1'];

export function picturePiece(
  window: Window,
  { size, format, placeOf }: { size: Size; format: FilmOrder['format']; placeOf: PlaceOf },
): Piece {
  const { windowExtension, picture } = ENCODINGS[format];
  return {
    extension: windowExtension,
    texts: {
      [GRAPH_FILE]: pictureGraph(window, size),
      [CARDS_FILE]: cards(window.scenes, size),
      [NAMES_FILE]: names(window.scenes, size),
    },
    args: [
      ...['-copyts', ...ONE_THREAD.slice(2)],
      ...pictureInputs(window, (segment) => `file:${placeOf(segment).path}`),
      ...['-filter_complex_script', GRAPH_FILE, '-map', '[picture]'],
      ...['-fps_mode', 'passthrough', '-enc_time_base', `1/${FPS}`, ...picture, '-threads', '1'],
    ],
    depends: picturedSegments(window).map((segment) => placeOf(segment).bytes),
    frames: window.frames,
  };
}

export function soundPiece(voices: readonly Voice[], window: SoundWindow, placeOf: PlaceOf): Piece {
  return {
    extension: 'flac',
    texts: { [GRAPH_FILE]: soundGraph(voices, window) },
    args: [
      ...['-copyts', ...ONE_THREAD.slice(2)],
      ...soundInputs(voices, (segment) => `file:${placeOf(segment).path}`),
      ...['-filter_complex_script', GRAPH_FILE, '-map', '[sound]'],
      ...['-c:a', 'flac', '-sample_fmt', 's16', '-compression_level', '0', '-threads', '1'],
    ],
    depends: voices.map(({ segment }) => placeOf(segment).bytes),
  };
}

export interface Part {
  /** In the work folder. */
  file: string;
  frames: number;
}

/** For the concat demuxer. Durations are exact: files of several minutes would drift otherwise. */
function listOf(parts: readonly Part[]): string {
  return [
    'ffconcat version 1.0',
    ...parts.flatMap(({ file, frames }) => [
      `file ../${file}`,
      `duration ${(frames / FPS).toFixed(6)}`,
    ]),
    '',
  ].join('\n');
}

/** @param pictures undefined for sound alone */
export function filmPiece(
  { timeline, takes, order }: { timeline: Timeline; takes: readonly Take[]; order: FilmOrder },
  { pictures, sounds }: { pictures: readonly Part[] | undefined; sounds: readonly Part[] },
): Piece {
  const encoding = ENCODINGS[order.format];
  const cues = order.chat ? cuesOf(timeline, takes) : [];
  const inputs: { args: string[]; file: string; text: string }[] = [];
  const input = (file: string, text: string, ...args: string[]) =>
    inputs.push({ args: [...args, '-i', file], file, text }) - 1;
  const concat = ['-f', 'concat', '-safe', '0'];

  const sound = input('sounds.txt', listOf(sounds), ...concat);
  const picture = pictures && input('pictures.txt', listOf(pictures), ...concat);
  const about = input(
    'metadata.txt',
    metadata(timeline.room, timeline.startMs, chaptersOf(timeline, takes)),
    ...['-f', 'ffmetadata'],
  );
  const chat = cues.length === 0 ? undefined : input('chat.vtt', webVtt(cues), '-f', 'webvtt');
  return {
    extension: order.format,
    texts: Object.fromEntries(inputs.map(({ file, text }) => [file, text])),
    args: [
      ...inputs.flatMap(({ args }) => args),
      ...(picture === undefined ? [] : ['-map', `${picture}:v:0`, '-c:v', 'copy']),
      ...['-map', `${sound}:a:0`, '-af', MASTERING, ...encoding.sound],
      ...(chat === undefined
        ? []
        : ['-map', `${chat}:s:0`, ...encoding.subtitles, '-metadata:s:s:0', 'title=Chat']),
      ...['-map_metadata', String(about), '-map_chapters', String(about)],
      ...ONE_THREAD.slice(0, 4),
      ...encoding.container,
    ],
    depends: [],
  };
}
