// One run of ffmpeg that makes one file: made once, and found again by what it was made of.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lastWords } from './probe.ts';
import { progressOf, type Run } from './run.ts';

export interface Piece {
  extension: string;
  /** Text files beside which ffmpeg runs. */
  texts: Readonly<Record<string, string>>;
  /** Before the output's name. */
  args: readonly string[];
  /** What else the result depends on: sizes of inputs. */
  depends: readonly (string | number)[];
  /** It has to hold exactly as many. */
  frames?: number;
}

export interface WorkPlace {
  workDir: string;
  ffmpegPath: string;
  run: Run;
  signal: AbortSignal;
}

const QUIET = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-y'];
const PROGRESS = ['-progress', 'pipe:1', '-nostats'];

/** @param onFrames frames that are done @returns the file's name in the work folder @throws Error when ffmpeg fails */
export async function makePiece(
  piece: Piece,
  { workDir, ffmpegPath, run, signal }: WorkPlace,
  onProgress: (progress: { frames: number } | { us: number }) => void,
): Promise<string> {
  const { extension, texts, args, depends, frames } = piece;
  const hash = createHash('sha256').update(JSON.stringify([extension, texts, args, depends]));
  const name = hash.digest('hex').slice(0, 24);
  const made = path.join(workDir, `${name}.${extension}`);
  if (existsSync(made)) return path.basename(made);

  const folder = path.join(workDir, `${name}.part`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    for (const [file, text] of Object.entries(texts)) {
      await writeFile(path.join(folder, file), text);
    }
    const output = `piece.${extension}`;
    let written = 0;
    const { code, stderr } = await run(ffmpegPath, [...QUIET, ...args, ...PROGRESS, output], {
      cwd: folder,
      signal,
      onLine(line) {
        const progress = progressOf(line);
        if (progress === undefined) return;
        if ('frames' in progress) written = progress.frames;
        onProgress(progress);
      },
    });
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`ffmpeg failed (${code}): ${lastWords(stderr)}`);
    if (frames !== undefined && written !== frames) {
      throw new Error(`ffmpeg wrote ${written} frames in place of ${frames}: ${lastWords(stderr)}`);
    }
    // A file of this name is whole: a process that is killed leaves only the folder.
    await rename(path.join(folder, output), made);
    return path.basename(made);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Does them in order, so many at once. The first failure stops the rest, and is thrown when all have ended. */
export async function inParallel(
  atOnce: number,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  async function worker() {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      either.throwIfAborted();
      try {
        await task(either);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }
  }
  await Promise.allSettled(Array.from({ length: atOnce }, worker));
  either.throwIfAborted();
}
