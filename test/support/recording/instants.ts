// When a recorded file flashes or beeps, in its own time: read by decoding it.
import { spawn } from 'node:child_process';
import { programPath } from '../process/programs.ts';

const SAMPLE_RATE = 8_000;
/** Louder than this is a beep: a quarter of one. */
const LOUD = 0.08;
const SIDE = 8;
/** Brighter than this is a flash. */
const BRIGHT = 128;

/** Seconds of the first bright frame of each flash. */
export async function flashesIn(file: string): Promise<number[]> {
  const times: number[] = [];
  const show = `scale=${SIDE}:${SIDE},showinfo`;
  const { output, errors } = await decode([
    '-i',
    file,
    '-vf',
    show,
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'gray',
  ]);
  const stamps = [...errors.matchAll(/showinfo.*? pts_time:\s*([\d.]+)/g)].map(([, text]) =>
    Number(text),
  );
  let wasBright = true;
  for (const [index, time] of stamps.entries()) {
    const frame = output.subarray(index * SIDE * SIDE, (index + 1) * SIDE * SIDE);
    const mean = frame.reduce((sum, value) => sum + value, 0) / (SIDE * SIDE);
    const isBright = mean > BRIGHT;
    if (isBright && !wasBright) times.push(time);
    wasBright = isBright;
  }
  return times;
}

/** Seconds at which a beep begins after silence. */
export async function beepsIn(file: string): Promise<number[]> {
  const { output } = await decode([
    ...['-i', file, '-af', `aresample=${SAMPLE_RATE}:async=1:first_pts=0`],
    ...['-ac', '1', '-f', 'f32le'],
  ]);
  const samples = new Float32Array(output.buffer, output.byteOffset, Math.floor(output.length / 4));
  const times: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  for (const [n, value] of samples.entries()) {
    if (Math.abs(value) < LOUD) continue;
    // Half a second of silence is between two beeps.
    if (n - lastLoud > SAMPLE_RATE / 2 && n > SAMPLE_RATE / 20) times.push(n / SAMPLE_RATE);
    lastLoud = n;
  }
  return times;
}

async function decode(args: readonly string[]): Promise<{ output: Buffer; errors: string }> {
  const child = spawn(
    programPath('ffmpeg'),
    ['-hide_banner', '-nostdin', '-nostats', ...args, '-'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [chunks, texts]: [Buffer[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => texts.push(chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('error', reject);
  child.once('close', (code) => {
    if (code === 0) resolve();
    else reject(new Error(`ffmpeg ended with ${code}: ${texts.join('').slice(-1_000)}`));
  });
  await promise;
  return { output: Buffer.concat(chunks), errors: texts.join('') };
}
