// Deletions: whole, interrupted, and raced by what is still written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog, REMOVED_MS } from '../../../../server/recording/catalog/catalog.ts';
import { filmKey, trackKey } from '../../../../server/recording/catalog/keys.ts';
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

function scene() {
  const store = new MemoryStore();
  const log = createLogger('silent');
  const catalogOf = () => new Catalog(store, { log });
  return { store, catalog: catalogOf(), catalogOf };
}

test('deleting takes all objects of the recording, and no other’s', async () => {
  const { catalog, store } = scene();
  const [entry, other] = [readyEntry(), readyEntry()];
  putRecording(store, entry, ['grid-1.mp4']);
  const kept = putRecording(store, other, ['grid-1.mp4']);
  await catalog.remove(entry.id);
  assert.deepEqual([...store.objects.keys()].sort(), kept.sort());
  await catalog.remove(entry.id);
  assert.equal(await catalog.get(entry.id), undefined);
});

test('a deletion that is interrupted anywhere hides the recording at once, and goes on later', async () => {
  for (let at = 1; at <= 6; at += 1) {
    const { catalog, store, catalogOf } = scene();
    const entry = readyEntry();
    putRecording(store, entry, ['grid-1.mp4']);
    let deleted = 0;
    store.before = (operation) => {
      if (operation !== 'delete') return;
      deleted += 1;
      if (deleted === at) throw new StoreError('unreachable', 'gone');
    };
    const failed = await catalog.remove(entry.id).then(
      () => false,
      () => true,
    );
    store.before = () => {};
    const later = catalogOf();
    assert.equal(failed, at <= 5);
    assert.equal(await later.get(entry.id), undefined);
    assert.deepEqual((await later.list({ limit: 10 })).entries, []);
    assert.deepEqual(
      (await later.removing()).map(({ id }) => id),
      failed ? [entry.id] : [],
    );
    for (const { id } of await later.removing()) await later.remove(id);
    assert.equal(store.objects.size, 0);
  }
});

test('a deletion that cannot even be written down changes nothing', async () => {
  const { catalog, store } = scene();
  const entry = readyEntry();
  putRecording(store, entry);
  store.before = (operation) => {
    if (operation === 'write') throw new StoreError('full', 'no space');
  };
  await assert.rejects(catalog.remove(entry.id), StoreError);
  store.before = () => {};
  assert.deepEqual(await catalog.get(entry.id), entry);
});

test('what is still written of a recording that was deleted unfinished is deleted too, for a week', async () => {
  const { catalog, store, catalogOf } = scene();
  const entry = { ...runningEntry(), participants: ['Ada'] };
  const kept = putRecording(store, entry).filter((key) => key.startsWith('index/'));
  const now = THEN + 60_000;
  assert.equal(await catalog.remove(entry.id, entry.room, now), false);
  assert.deepEqual([...store.objects.keys()], kept);
  assert.doesNotMatch(String(store.objects.get(kept[0] ?? '')?.bytes), /Ada/);
  // A recorder brings its last file; another one takes over what a dead one left; a third puts it in order.
  store.put(trackKey(entry.folder, 'late.webm'), 'late');
  await catalog.begin(entry);
  assert.equal(await catalog.finish({ ...entry, state: 'ready' }), false);
  assert.equal(await catalog.get(entry.id), undefined);
  assert.equal(await catalog.remove(entry.id, entry.room, now + REMOVED_MS - 1), false);
  assert.deepEqual([...store.objects.keys()], kept);
  assert.deepEqual((await catalogOf().list({ limit: 10 })).entries, []);
  assert.equal(await catalog.remove(entry.id, entry.room, now + REMOVED_MS), true);
  assert.equal(store.objects.size, 0);
});

test('a writer that has not seen the deletion does not undo it', async () => {
  const { catalog, store, catalogOf } = scene();
  const entry = runningEntry();
  putRecording(store, entry);
  let writes = 0;
  store.before = async (operation, key) => {
    // It read the entry before, and writes it after.
    if (operation !== 'list' || key !== `${entry.folder}/` || writes > 0) return;
    writes += 1;
    await catalogOf().finish(entry).catch(assert.fail);
    putRecording(store, readyEntry({ ...entry, state: 'ready' }));
  };
  await catalog.remove(entry.id);
  assert.equal(writes, 1);
  assert.equal(await catalogOf().get(entry.id), undefined);
  assert.equal(store.objects.size, 0);
});

test('a film that is late finds its recording deleted', async () => {
  const { catalog, store } = scene();
  const entry = readyEntry({ deleting: true });
  putRecording(store, entry);
  const film = {
    layout: 'grid',
    format: 'mp4',
    chat: false,
    name: 'grid-1.mp4',
    bytes: 1,
  } as const;
  assert.equal(await catalog.addFilm(entry.id, film), false);
  assert.equal(await catalog.addFilm(newRecordingId(THEN), film), false);
});

test('a film that came while its recording was deleted goes too', async () => {
  const { catalog, store } = scene();
  const entry = readyEntry();
  putRecording(store, entry);
  store.before = (operation, key) => {
    if (operation !== 'delete' || !key.endsWith('manifest.jsonl')) return;
    store.put(filmKey(entry.folder, 'grid-1.mp4'), 'late');
  };
  await catalog.remove(entry.id);
  assert.equal(store.objects.size, 0);
});
