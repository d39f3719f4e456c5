// A recording as it lies in its folder: its index, its manifest, and what ffprobe reads in its files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type IndexEntry, readEntry } from '../../../server/recording/catalog/entry.ts';
import { type ManifestLine, readLines } from '../../../server/recording/manifest/lines.ts';
import { programPath } from '../process/programs.ts';
import { until } from '../process/until.ts';
import type { Owner } from '../server/owned.ts';

const run = promisify(execFile);

/** A folder for this test alone. @param below an absolute path, where there is one */
export async function recordFolder(context: Owner, below = tmpdir()): Promise<string> {
  const place = existsSync(below) ? below : tmpdir();
  const folder = await mkdtemp(path.join(place, 'parley-records-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What the index has, the oldest first. */
export async function indexIn(folder: string): Promise<IndexEntry[]> {
  const names = await readdir(path.join(folder, 'index'), { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(
    files.map((name) => readFile(path.join(folder, 'index', name), 'utf8').catch(() => '')),
  );
  return texts.flatMap((text) => readEntry(text) ?? []).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The entry of the oldest recording, as soon as it is ready. */
export async function readyEntry(
  folder: string,
  patience: { withinMs: number },
): Promise<IndexEntry> {
  return until(
    'the recording to be ready',
    async () => {
      const [entry] = await indexIn(folder);
      assert.equal(entry?.state, 'ready');
      return entry;
    },
    patience,
  );
}

export async function manifestOf(folder: string, entry: IndexEntry): Promise<ManifestLine[]> {
  return readLines(await readFile(path.join(folder, entry.folder, 'manifest.jsonl'), 'utf8'));
}

export function trackFile(folder: string, entry: IndexEntry, name: string): string {
  return path.join(folder, entry.folder, 'tracks', name);
}

/** The names of all files of tracks, of the newest recording. */
export async function tracksIn(folder: string): Promise<string[]> {
  const entry = (await indexIn(folder)).at(-1);
  return entry ? readdir(path.join(folder, entry.folder, 'tracks')).catch(() => []) : [];
}

export interface Probed {
  codec: string;
  width: number | undefined;
  height: number | undefined;
  /** Times of the packets, in seconds. */
  times: number[];
}

/** Reads the whole file. */
export async function probe(file: string): Promise<Probed> {
  const args = ['-v', 'error', '-of', 'json', '-show_entries'];
  const what = 'stream=codec_name,width,height:packet=pts_time';
  const { stdout } = await run(programPath('ffprobe'), [...args, what, file], {
    maxBuffer: 64 * 1_048_576,
  });
  const { streams, packets } = JSON.parse(stdout) as {
    streams: { codec_name: string; width?: number; height?: number }[];
    packets: { pts_time: string }[];
  };
  const [stream] = streams;
  if (!stream) throw new Error(`ffprobe finds no stream in ${file}`);
  const { codec_name: codec, width, height } = stream;
  return { codec, width, height, times: packets.map(({ pts_time }) => Number(pts_time)) };
}

/**
 * Waits until so many tracks have a file with more than this in it. There may be more files: a picture whose best layer
 * comes a moment later begins with a small one.
 */
export async function tracksGrow(
  folder: string,
  count: number,
  { bytes, withinMs }: { bytes: number; withinMs: number },
): Promise<void> {
  await until(
    `${count} tracks to grow`,
    async () => {
      const entry = (await indexIn(folder)).at(-1);
      assert.ok(entry);
      const names = await tracksIn(folder);
      const sizes = await Promise.all(
        names.map(async (name) => (await stat(trackFile(folder, entry, name))).size),
      );
      const grown = sizes.filter((size) => size > bytes).length;
      assert.ok(grown >= count, names.map((name, n) => `${name}: ${sizes[n]}`).join(', '));
    },
    { withinMs },
  );
}
