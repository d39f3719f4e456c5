// Measures films: colours of frames at given places, and when each tone sounds.
import { programPath } from '../../process/programs.ts';
import { output } from './child.ts';

export interface Probed {
  durationMs: number;
  streams: {
    codec: string;
    type: string;
    frames: number;
    width?: number;
    height?: number;
    profile?: string;
  }[];
  chapters: { fromMs: number; toMs: number; title: string }[];
  tags: Record<string, string>;
}

interface FfprobeOutput {
  format: { duration: string; tags?: Record<string, string> };
  streams: Record<string, string | number | undefined>[];
  chapters: { start_time: string; end_time: string; tags: { title: string } }[];
}

export async function probed(file: string): Promise<Probed> {
  const text = await output(programPath('ffprobe'), [
    ...['-v', 'error', '-count_packets', '-show_format', '-show_streams', '-show_chapters'],
    ...['-of', 'json', file],
  ]);
  const { format, streams, chapters } = JSON.parse(text.toString()) as FfprobeOutput;
  return {
    durationMs: Number(format.duration) * 1_000,
    tags: format.tags ?? {},
    streams: streams.map((each) => ({
      codec: String(each.codec_name),
      type: String(each.codec_type),
      frames: Number(each.nb_read_packets),
      ...(each.width !== undefined && { width: Number(each.width), height: Number(each.height) }),
      ...(each.profile !== undefined && { profile: String(each.profile) }),
    })),
    chapters: chapters.map((each) => ({
      fromMs: Number(each.start_time) * 1_000,
      toMs: Number(each.end_time) * 1_000,
      title: each.tags.title,
    })),
  };
}

export type Rgb = readonly [number, number, number];

export class Pictures {
  readonly frames: number;
  readonly #bytes: Buffer;
  readonly #width: number;
  readonly #height: number;

  constructor(bytes: Buffer, width: number, height: number) {
    this.#bytes = bytes;
    this.#width = width;
    this.#height = height;
    this.frames = bytes.length / (width * height * 3);
  }

  /** @param x and @param y from 0 to 1 */
  at(frame: number, x: number, y: number): Rgb {
    const column = Math.min(this.#width - 1, Math.round(x * this.#width));
    const row = Math.min(this.#height - 1, Math.round(y * this.#height));
    const offset = ((frame * this.#height + row) * this.#width + column) * 3;
    const [r = 0, g = 0, b = 0] = this.#bytes.subarray(offset, offset + 3);
    return [r, g, b];
  }

  /** Milliseconds at which the place turns white. */
  flashes(x: number, y: number): number[] {
    const white = Array.from({ length: this.frames }, (_, frame) =>
      this.at(frame, x, y).every((value) => value > 200),
    );
    return white.flatMap((is, frame) =>
      is && white[frame - 1] !== true ? [(frame * 1_000) / 30] : [],
    );
  }
}

export async function pictures(file: string, width: number, height: number): Promise<Pictures> {
  const bytes = await output(programPath('ffmpeg'), [
    ...['-nostdin', '-loglevel', 'error', '-i', file, '-map', '0:v:0'],
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, 'pipe:1'],
  ]);
  return new Pictures(bytes, width, height);
}

const RATE = 48_000;
const HOP = RATE / 500;
const SPAN = RATE / 100;

/** @returns samples, one channel */
export async function sound(file: string): Promise<Float32Array> {
  const bytes = await output(programPath('ffmpeg'), [
    ...['-nostdin', '-loglevel', 'error', '-i', file, '-map', '0:a:0'],
    ...['-f', 'f32le', '-ac', '1', '-ar', String(RATE), 'pipe:1'],
  ]);
  return new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
}

/** Milliseconds at which the tone begins (Goertzel, every 2 ms). */
export function beeps(samples: Float32Array, tone: number): number[] {
  const factor = 2 * Math.cos((2 * Math.PI * tone) / RATE);
  const found: number[] = [];
  let before = false;
  for (let begin = 0; begin + SPAN <= samples.length; begin += HOP) {
    let [one, two] = [0, 0];
    for (const sample of samples.subarray(begin, begin + SPAN)) {
      [one, two] = [sample + factor * one - two, one];
    }
    const level = Math.sqrt(Math.max(0, one * one + two * two - factor * one * two)) / (SPAN / 2);
    // Of a tone that fills half of the span.
    const is = level > 0.1;
    if (is && !before) found.push(((begin + SPAN / 2) * 1_000) / RATE);
    before = is;
  }
  return found;
}
