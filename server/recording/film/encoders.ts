// How films are encoded: fast enough for a core that calls need too, and playable everywhere.
import type { FilmFormat } from '../../../shared/recording/recording.ts';
import { FPS } from './takes.ts';

/** Players can only jump to key frames. */
const KEY_FRAME_SECONDS = 5;

const COLOURS = [
  ...['-color_primaries', 'smpte170m', '-color_trc', 'smpte170m'],
  ...['-colorspace', 'smpte170m', '-color_range', 'tv'],
];

interface Encoding {
  /** The extension of a window's file. */
  windowExtension: string;
  picture: readonly string[];
  sound: readonly string[];
  subtitles: readonly string[];
  container: readonly string[];
}

export const ENCODINGS: Readonly<Record<FilmFormat, Encoding>> = {
  mp4: {
    windowExtension: 'mp4',
    picture: [
      // As good as `veryfast` and a tenth larger, for less than half of the CPU: its macroblock tree is what pays.
      ...['-c:v', 'libx264', '-preset', 'superfast', '-x264-params', 'mbtree=1:rc-lookahead=10'],
      ...['-crf', '24', '-profile:v', 'high'],
      ...['-g', String(KEY_FRAME_SECONDS * FPS), ...COLOURS],
    ],
    sound: ['-c:a', 'aac', '-b:a', '128k'],
    subtitles: ['-c:s', 'mov_text'],
    container: ['-movflags', '+faststart', '-f', 'mp4'],
  },
  webm: {
    windowExtension: 'ivf',
    picture: [
      ...['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0'],
      ...['-b:v', '0', '-crf', '36', '-g', String(KEY_FRAME_SECONDS * FPS), ...COLOURS],
    ],
    sound: ['-c:a', 'libopus', '-b:a', '96k'],
    subtitles: ['-c:s', 'copy'],
    container: ['-f', 'webm'],
  },
};
