// What recorders bring late: a recording of which the store knew nothing is listed and finished; one that was deleted
// meanwhile is not, and nothing is left of it.
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, type TestContext, test } from 'node:test';
import { Catalog } from '../../../../server/recording/catalog/catalog.ts';
import { indexKey, manifestKey } from '../../../../server/recording/catalog/keys.ts';
import { readLines } from '../../../../server/recording/manifest/lines.ts';
import { RecorderProcess } from '../../../../server/recording/process/recorder-process.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { newRecordingId } from '../../../../shared/recording/recording-id.ts';
import { until } from '../../../support/process/until.ts';
import { bucketOf, bucketSettings, readyIn, spooledIn } from '../../../support/recording/bucket.ts';
import { recordFolder } from '../../../support/recording/recorded.ts';
import { recorderPids } from '../../../support/recording/recorder-pids.ts';
import { FaultyProxy } from '../../../support/s3/faults.ts';
import { ObjectStore } from '../../../support/s3/object-store.ts';

const log = createLogger('silent');
/** A log without an end counts as that of a dead process after twenty seconds. */
const FINISHED = { withinMs: 60_000 };

let objects: ObjectStore;
let proxy: FaultyProxy;
before(async () => {
  objects = await ObjectStore.start();
  proxy = await FaultyProxy.start(objects.port);
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await objects[Symbol.asyncDispose]();
});

const ada = { participantId: 'FQ0kWRoPNiBX1XG5', name: 'Ada', role: 'host' } as const;

async function setUp(t: TestContext) {
  const folder = await recordFolder(t);
  const store = bucketOf(t, objects);
  const resources = new Resources();
  const variables = { ...bucketSettings(proxy.endpoint), RECORD_DIR: folder };
  const start = () =>
    new RecorderProcess({ variables, closeMs: 5_000, frozenMs: 10_000, resources, log });
  const startedAt = Date.now();
  const recording = { id: newRecordingId(startedAt), room: 'team', startedAt };
  const line = { type: 'joined', at: startedAt, version: 1, ...ada } as const;
  return { folder, store, start, recording, line };
}

test('all is killed while the store is away since the recording began: it is listed and finished', async (t) => {
  const { folder, store, start, recording, line } = await setUp(t);
  await proxy.stop();
  const first = start();
  await until('a recorder', () => assert.notEqual(first.port, undefined));
  first.send({ do: 'begin', recording, node: 'node-1' });
  first.send({ do: 'line', recordingId: recording.id, line });
  await until('its log on this machine', async () => {
    assert.equal((await spooledIn(folder)).length, 1);
  });
  const pids = await recorderPids(process.pid);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await first.close();

  await proxy.start();
  const second = start();
  t.after(() => second.close());
  await until('the recording to be found', async () => {
    const found = await second.unfinished();
    assert.deepEqual(found, [recording]);
  });
  await until(
    'it to be finished',
    async () => assert.deepEqual(await second.finish(recording), { is: 'done', isNew: true }),
    FINISHED,
  );
  const [entry] = await readyIn(store, 1);
  assert.ok(entry);
  const lines = readLines(await text(await store.read(manifestKey(entry.folder))));
  assert.ok(lines.some((each) => each.type === 'joined' && each.name === ada.name));
  assert.deepEqual(await spooledIn(folder), []);

  // Who adopts what is left of one that is finished does not begin it again.
  const catalog = new Catalog(store, { log });
  await catalog.begin({ ...entry, state: 'running' });
  assert.equal((await catalog.get(recording.id))?.state, 'ready');
});

test('a recording is deleted while its recorder still brings it: nothing of it is left', async (t) => {
  const { folder, store, start, recording, line } = await setUp(t);
  const recorder = start();
  t.after(() => recorder.close());
  const ended = Promise.withResolvers<string>();
  recorder.on('ended', ended.resolve);
  await until('a recorder', () => assert.notEqual(recorder.port, undefined));
  recorder.send({ do: 'begin', recording, node: 'node-1' });
  recorder.send({ do: 'line', recordingId: recording.id, line });
  const catalog = new Catalog(store, { log });
  const entry = await until('it to be in the index', async () => {
    const found = await catalog.get(recording.id, recording.room);
    assert.ok(found);
    return found;
  });
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found.filter((key) => key.includes(recording.id));
  };
  await until('a part of its log', async () => assert.equal((await keys()).length, 2));
  assert.equal(await catalog.remove(recording.id), false);
  assert.deepEqual(await keys(), [indexKey(entry)]);
  recorder.send({ do: 'end', recordingId: recording.id, isOver: true });
  assert.equal(await ended.promise, recording.id);
  assert.equal((await keys()).length, 2, 'its log came late');
  assert.deepEqual(await recorder.finish(recording), { is: 'done', isNew: false });
  assert.deepEqual(await keys(), [indexKey(entry)]);
  assert.deepEqual(await spooledIn(folder), []);
  assert.equal(await catalog.get(recording.id), undefined);
});
