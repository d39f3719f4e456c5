// Brings the files that a film is made of onto this machine; those that are here already are used where they are.
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FilmOrder } from '../../../shared/recording/recording.ts';
import type { IndexEntry } from '../catalog/entry.ts';
import { trackKey } from '../catalog/keys.ts';
import type { Timeline } from '../manifest/timeline.ts';
import { DiskStore } from '../stores/disk.ts';
import { type RecordStore, StoreError } from '../stores/store.ts';

export interface FetchOptions {
  store: RecordStore;
  entry: IndexEntry;
  order: FilmOrder;
  timeline: Timeline;
  /** Where they go. */
  folder: string;
  signal: AbortSignal;
  /** From 0 to 1. */
  onProgress(fraction: number): void;
}

/**
 * @returns by the name of the file, where it is. What the store does not have is left out: a film says so
 * @throws StoreError; the signal's reason
 */
export async function fetchTracks(options: FetchOptions): Promise<ReadonlyMap<string, string>> {
  const { entry, order, timeline, onProgress } = options;
  const wanted = timeline.tracks
    .filter(({ kind }) => kind === 'audio' || order.layout !== 'audio')
    .flatMap(({ segments }) => segments.map(({ file }) => file));
  const found = new Map<string, string>();
  for (const [index, name] of wanted.entries()) {
    const file = await fetchOne(trackKey(entry.folder, name), name, options);
    if (file !== undefined) found.set(name, file);
    onProgress((index + 1) / wanted.length);
  }
  return found;
}

async function fetchOne(
  key: string,
  name: string,
  { store, folder, signal }: FetchOptions,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const known = await store.stat(key);
  if (!known) return undefined;
  if (store instanceof DiskStore) return store.localFile(key);
  const file = path.join(folder, name);
  const here = await stat(file).catch(() => undefined);
  if (here?.size === known.bytes) return file;
  await mkdir(folder, { recursive: true });
  const partial = `${file}.part`;
  try {
    await pipeline(await store.read(key), createWriteStream(partial), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError && error.code === 'missing') return undefined;
    throw error;
  }
  await rename(partial, file);
  return file;
}
