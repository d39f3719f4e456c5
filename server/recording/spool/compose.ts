// Puts files together of which a dead machine left only parts in the store, and cuts what was torn off.
import { extname } from 'node:path';
import { DiskStore } from '../stores/disk.ts';
import { type RecordStore, StoreError } from '../stores/store.ts';
import {
  coverage,
  type Part,
  type Piece,
  partKey,
  partsFolder,
  partsOf,
  readPartKey,
} from './parts.ts';
import { cutTail } from './tail.ts';

/** Another process may do the same, and delete parts that we still read. */
const TRIES = 5;

export interface Composed {
  /** Files that were joined, or in a folder cut. */
  changed: number;
  /** Parts that lie behind a gap, which no store should have: they stay. */
  left: number;
}

/**
 * Only for recordings to which nobody appends any more. Idempotent, and several processes may do it at once.
 *
 * @param folder of one recording, without a slash at its end
 * @throws StoreError
 */
export async function composeParts(store: RecordStore, folder: string): Promise<Composed> {
  if (store instanceof DiskStore) return { changed: await cutTails(store, folder), left: 0 };
  for (let tries = 1; ; tries++) {
    try {
      return await composeOnce(store, folder);
    } catch (error) {
      const isGone = error instanceof StoreError && error.code === 'missing';
      if (!isGone || tries >= TRIES) throw error;
    }
  }
}

async function composeOnce(store: RecordStore, folder: string): Promise<Composed> {
  const files = new Map<string, Part[]>();
  for await (const { key, bytes } of store.list(partsFolder(folder))) {
    const found = readPartKey(folder, key);
    // A part that is not as long as its name says was not written by us.
    if (found?.part.bytes !== bytes) continue;
    files.set(found.file, [...(files.get(found.file) ?? []), found.part]);
  }
  const composed = { changed: 0, left: 0 };
  for (const [file, parts] of files) {
    const { isChanged, left } = await composeFile(store, file, parts);
    if (isChanged) composed.changed++;
    composed.left += left;
  }
  return composed;
}

async function composeFile(
  store: RecordStore,
  file: string,
  parts: readonly Part[],
): Promise<{ isChanged: boolean; left: number }> {
  const known = (await store.stat(file))?.bytes ?? 0;
  const { pieces, reach } = coverage([...parts, { key: file, offset: 0, bytes: known }]);
  const isChanged = reach > known;
  const cut: string[] = [];
  if (isChanged) {
    const keys: string[] = [];
    for (const piece of pieces) {
      const { key, isNew } = await exact(store, file, piece);
      keys.push(key);
      if (isNew) cut.push(key);
    }
    await store.join(file, keys, { type: typeOf(file) });
  }
  const covered = parts.filter(({ offset, bytes }) => offset + bytes <= reach);
  await store.delete([...covered.map(({ key }) => key), ...cut]);
  return { isChanged, left: parts.length - covered.length };
}

/** A part that overlaps with the one before is written once more without its beginning, as a part of its own. */
async function exact(
  store: RecordStore,
  file: string,
  { part, skip }: Piece,
): Promise<{ key: string; isNew: boolean }> {
  if (skip === 0) return { key: part.key, isNew: false };
  const key = partKey(file, part.offset + skip, part.bytes - skip);
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(part.key, { first: skip, last: part.bytes - 1 })) {
    chunks.push(chunk);
  }
  await store.write(key, { bytes: Buffer.concat(chunks) });
  return { key, isNew: true };
}

/** Those that the whole file has, as far as it reaches. @throws StoreError */
export async function deleteParts(store: RecordStore, file: string, reach: number): Promise<void> {
  const above = partsOf(file);
  const folder = above.slice(0, above.lastIndexOf('/parts/'));
  const keys: string[] = [];
  for await (const { key } of store.list(above)) {
    const part = readPartKey(folder, key)?.part;
    if (part && part.offset + part.bytes <= reach) keys.push(key);
  }
  if (keys.length > 0) await store.delete(keys);
}

async function cutTails(store: DiskStore, folder: string): Promise<number> {
  let changed = 0;
  for (const below of ['tracks', 'log']) {
    for await (const { key, bytes } of store.list(`${folder}/${below}/`)) {
      if ((await cutTail(await store.localFile(key))) < bytes) changed++;
    }
  }
  return changed;
}

const TYPES: Readonly<Record<string, string>> = {
  '.webm': 'video/webm',
  '.mkv': 'video/matroska',
  '.jsonl': 'application/x-ndjson',
};

export function typeOf(key: string): string {
  return TYPES[extname(key).toLowerCase()] ?? 'application/octet-stream';
}
