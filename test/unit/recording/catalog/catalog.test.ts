// The catalog: what is written is found, what is deleted is gone, and a store is asked no more than it needs be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog } from '../../../../server/recording/catalog/catalog.ts';
import { type IndexEntry, readEntry } from '../../../../server/recording/catalog/entry.ts';
import { indexKey } from '../../../../server/recording/catalog/keys.ts';
import { StoreError } from '../../../../server/recording/stores/store.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { newRecordingId } from '../../../../shared/recording/recording-id.ts';
import { MemoryStore } from '../../../support/recording/memory-store.ts';
import {
  putRecording,
  readyEntry,
  runningEntry,
  THEN,
} from '../../../support/recording/recordings.ts';

const DAY = 86_400_000;

function scene() {
  const store = new MemoryStore();
  const lines: string[] = [];
  const log = createLogger('debug', { write: (line) => void lines.push(line) });
  const clock = { now: 0 };
  const catalogOf = () => new Catalog(store, { log, now: () => clock.now });
  return { store, lines, clock, catalog: catalogOf(), catalogOf };
}

const entryIn = (store: MemoryStore, entry: IndexEntry) =>
  readEntry(store.objects.get(indexKey(entry))?.bytes.toString() ?? '');

test('a recording that begins is found, in its room and without it, and by no other room', async () => {
  const { catalog } = scene();
  const entry = runningEntry({ room: '会議室' });
  await catalog.begin(entry);
  assert.deepEqual(await catalog.get(entry.id, '会議室'), entry);
  assert.deepEqual(await catalog.get(entry.id), entry);
  assert.equal(await catalog.get(entry.id, 'team'), undefined);
  assert.equal(await catalog.get(newRecordingId(THEN)), undefined);
});

test('what was begun by one process is found by another that has looked before', async () => {
  const { catalog, catalogOf, clock } = scene();
  const other = catalogOf();
  const entry = runningEntry();
  assert.equal(await other.get(entry.id), undefined);
  await catalog.begin(entry);
  clock.now += 4_000;
  assert.deepEqual(await other.get(entry.id), entry);
  const ready = { ...entry, state: 'ready' as const, endedAt: THEN + 1 };
  await catalog.finish(ready);
  clock.now += 4_000;
  assert.deepEqual(await other.get(entry.id), ready);
});

test('a recorder that is late does not begin a finished recording again, nor one that is being deleted', async () => {
  const { catalog, store } = scene();
  const finished = readyEntry();
  const deleted = readyEntry({ deleting: true });
  for (const entry of [finished, deleted]) {
    putRecording(store, entry);
    await catalog.begin(runningEntry({ id: entry.id }));
    assert.deepEqual(entryIn(store, entry), entry);
  }
  assert.equal(await catalog.finish(finished), true);
  assert.equal(await catalog.finish(readyEntry({ id: deleted.id })), false);
  assert.deepEqual(entryIn(store, deleted), deleted);
});

test('finishing again keeps the films', async () => {
  const { catalog, store } = scene();
  const entry = readyEntry();
  putRecording(store, entry, ['grid-1.mp4']);
  const film = {
    layout: 'grid',
    format: 'mp4',
    chat: true,
    name: 'grid-1.mp4',
    bytes: 50_000,
  } as const;
  assert.equal(await catalog.addFilm(entry.id, film), true);
  await catalog.finish(entry);
  const found = await catalog.get(entry.id);
  assert.ok(found);
  assert.deepEqual(await catalog.films(found), [film]);
});

test('films are those that the store has, whether or not the index names them', async () => {
  const { catalog, store } = scene();
  const missing = {
    layout: 'audio',
    format: 'mp4',
    chat: false,
    name: 'audio-1.mp4',
    bytes: 1,
  } as const;
  const entry = readyEntry({ films: [missing] });
  putRecording(store, entry, ['speaker-2.webm', 'grid-1.mp4', 'grid-1.mp4.part', 'notes.txt']);
  assert.deepEqual(
    (await catalog.films(entry)).map(({ name, layout, format, bytes }) => [
      name,
      layout,
      format,
      bytes,
    ]),
    [
      ['speaker-2.webm', 'speaker', 'webm', 50_000],
      ['grid-1.mp4', 'grid', 'mp4', 50_000],
    ],
  );
});

test('1,000 recordings come in pages, the newest first, each once', async () => {
  const { catalog, store } = scene();
  const entries = Array.from({ length: 1_000 }, (_, at) =>
    readyEntry({ room: `room-${at % 7}`, startedAt: THEN + at * 61_000 }),
  );
  for (const entry of entries) store.put(indexKey(entry), JSON.stringify(entry));
  const newest = entries.map(({ id }) => id).reverse();
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await catalog.list({ limit: 70, cursor });
    assert.ok(page.entries.length <= 70);
    seen.push(...page.entries.map(({ id }) => id));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(seen, newest);
  assert.equal(store.asked.list, 1);
  const inRoom = await catalog.list({ limit: 100, room: 'room-3' });
  assert.ok(inRoom.entries.every(({ room }) => room === 'room-3') && inRoom.entries.length === 100);
});

test('a search reads a bounded number of entries for each page, and finds the oldest in the end', async () => {
  const { catalog, store } = scene();
  const oldest = readyEntry({ participants: ['Zoë'], startedAt: THEN - DAY });
  store.put(indexKey(oldest), JSON.stringify(oldest));
  for (let at = 0; at < 1_200; at += 1) {
    const entry = readyEntry({ startedAt: THEN + at * 1_000 });
    store.put(indexKey(entry), JSON.stringify(entry));
  }
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const before = store.asked.read;
    const page = await catalog.list({ limit: 10, query: 'zoe', cursor });
    assert.ok(store.asked.read - before <= 500);
    pages.push(page.entries.map(({ id }) => id));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(pages, [[], [], [oldest.id]]);
});

test('a hundred requests at once cost one listing and one read of each entry', async () => {
  const { catalog, store } = scene();
  const entries = Array.from({ length: 5 }, () => readyEntry());
  for (const entry of entries) putRecording(store, entry);
  await Promise.all(Array.from({ length: 100 }, () => catalog.list({ limit: 10 })));
  const [first] = entries;
  await Promise.all(Array.from({ length: 100 }, () => catalog.get(first?.id ?? '')));
  assert.deepEqual([store.asked.list, store.asked.read], [1, 5]);
});

test('an entry that did not change is not read again by later lists', async () => {
  const { catalog, store, clock } = scene();
  const entry = readyEntry();
  putRecording(store, entry);
  await catalog.list({ limit: 10 });
  clock.now += 60_000;
  await catalog.list({ limit: 10 });
  assert.deepEqual([store.asked.list, store.asked.read], [2, 1]);
  store.put(indexKey(entry), JSON.stringify({ ...entry, participants: ['Eve'] }));
  clock.now += 60_000;
  const { entries } = await catalog.list({ limit: 10 });
  assert.deepEqual(entries[0]?.participants, ['Eve']);
});

test('an answer of the store from before a write is not given after it', async () => {
  const { catalog, store } = scene();
  const entry = runningEntry();
  putRecording(store, entry);
  const held = Promise.withResolvers<void>();
  store.before = (operation) => (operation === 'read' ? held.promise : undefined);
  const early = catalog.get(entry.id, 'team');
  store.before = () => {};
  await catalog.finish(readyEntry({ id: entry.id }));
  held.resolve();
  await early;
  assert.equal((await catalog.get(entry.id, 'team'))?.state, 'ready');
});

test('entries that cannot be read, or say that they are another, are left out and logged', async () => {
  const { catalog, store, lines } = scene();
  const good = readyEntry();
  const [torn, elsewhere, greedy] = [readyEntry(), readyEntry(), readyEntry()];
  putRecording(store, good);
  store.put(indexKey(torn), JSON.stringify(torn).slice(0, 100));
  store.put(indexKey(elsewhere), JSON.stringify({ ...elsewhere, room: 'other' }));
  store.put(indexKey(greedy), JSON.stringify({ ...greedy, folder: 'recordings' }));
  const { entries } = await catalog.list({ limit: 10 });
  assert.deepEqual(entries, [good]);
  assert.equal(await catalog.get(elsewhere.id, 'team'), undefined);
  assert.equal(lines.filter((line) => line.includes('cannot be read')).length, 2);
});

test('unfinished recordings, expired ones and the sum of all bytes', async () => {
  const { catalog, store, clock } = scene();
  const film = {
    layout: 'grid',
    format: 'mp4',
    chat: false,
    name: 'grid-1.mp4',
    bytes: 7,
  } as const;
  const running = runningEntry();
  const finishing = runningEntry({ state: 'finishing' });
  const old = readyEntry({ startedAt: THEN - 40 * DAY, films: [film] });
  const long = readyEntry({ startedAt: THEN - 31 * DAY, endedAt: THEN - 29 * DAY });
  const gone = readyEntry({ startedAt: THEN - 50 * DAY, deleting: true });
  for (const entry of [running, finishing, old, long, gone])
    store.put(indexKey(entry), JSON.stringify(entry));
  const idsOf = (found: readonly { id: string }[]) => found.map(({ id }) => id).sort();
  assert.deepEqual(idsOf(await catalog.expired(30, THEN)), [old.id]);
  assert.equal(store.asked.read, 3, 'the younger ones were read');
  assert.deepEqual(await catalog.expired(0, THEN), []);
  assert.deepEqual(idsOf(await catalog.unfinished()), idsOf([running, finishing]));
  assert.equal(await catalog.totalBytes(), 300_007);
  await catalog.remove(long.id);
  assert.equal(await catalog.totalBytes(), 300_007, 'it is remembered for a minute');
  clock.now += 61_000;
  assert.equal(await catalog.totalBytes(), 200_007);
});

test('a store that is away is an error, and asked again the next time', async () => {
  const { catalog, store } = scene();
  putRecording(store, readyEntry());
  store.before = () => {
    throw new StoreError('unreachable', 'away');
  };
  await assert.rejects(catalog.list({ limit: 1 }), StoreError);
  await assert.rejects(catalog.totalBytes(), StoreError);
  store.before = () => {};
  assert.equal((await catalog.list({ limit: 1 })).entries.length, 1);
  assert.equal(await catalog.totalBytes(), 100_000);
});
