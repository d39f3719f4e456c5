// Recordings for tests: entries of the index, and their objects in a store.
import type { IndexEntry } from '../../../server/recording/catalog/entry.ts';
import { newEntry } from '../../../server/recording/catalog/entry.ts';
import {
  filmKey,
  indexKey,
  logKey,
  manifestKey,
  trackKey,
} from '../../../server/recording/catalog/keys.ts';
import type { RecordedFile } from '../../../shared/recording/recording.ts';
import { newRecordingId } from '../../../shared/recording/recording-id.ts';
import type { MemoryStore } from './memory-store.ts';

export const TEMPLATE = 'recordings/{room}/{id}';
/** 28 November 2026, 18:45:12 UTC. */
export const THEN = Date.UTC(2026, 10, 28, 18, 45, 12);

export function runningEntry(change: Partial<IndexEntry> = {}): IndexEntry {
  const { room = 'team', startedAt = THEN, id = newRecordingId(startedAt) } = change;
  return { ...newEntry({ id, room, startedAt }, TEMPLATE), ...change };
}

export function readyEntry(change: Partial<IndexEntry> = {}): IndexEntry {
  const running = runningEntry(change);
  const files = [fileOf(running.startedAt)];
  const endedAt = running.startedAt + 60_000;
  const participants = ['Ada', 'Émile'];
  return { ...running, state: 'ready', endedAt, participants, files, bytes: 100_000, ...change };
}

export function fileOf(startedAt: number, change: Partial<RecordedFile> = {}): RecordedFile {
  return {
    ...{ name: 'ada-camera-1.webm', kind: 'video', source: 'camera', participant: 'Ada' },
    ...{ codec: 'video/VP8', startedAt, durationMs: 60_000, bytes: 100_000 },
    ...change,
  };
}

/** What a file of a test has in it: each byte says where it is. */
export function contentOf(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + (at >> 8)) % 256));
}

/** Puts a recording with all that belongs to it into a store. @returns its keys */
export function putRecording(
  store: MemoryStore,
  entry: IndexEntry,
  films: readonly string[] = [],
): string[] {
  const { folder } = entry;
  const objects: [string, Buffer | string][] = [
    [indexKey(entry), JSON.stringify(entry)],
    [manifestKey(folder), '{"type":"begin"}\n'],
    [logKey(folder, 'writer-1'), '{"type":"begin"}\n'],
    ...entry.files.map(({ name, bytes }): [string, Buffer] => [
      trackKey(folder, name),
      contentOf(bytes),
    ]),
    ...films.map((name): [string, Buffer] => [filmKey(folder, name), contentOf(50_000)]),
  ];
  for (const [key, content] of objects) store.put(key, content);
  return objects.map(([key]) => key);
}
