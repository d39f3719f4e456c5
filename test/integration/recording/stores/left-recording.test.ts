// A recording that never reached the object store, as all was killed while it was away: it is found, listed and finished.
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Catalog } from '../../../../server/recording/catalog/catalog.ts';
import { manifestKey } from '../../../../server/recording/catalog/keys.ts';
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

test('all is killed while the store is away since the recording began: it is listed and finished', async (t) => {
  const folder = await recordFolder(t);
  const store = bucketOf(t, objects);
  const resources = new Resources();
  const variables = { ...bucketSettings(proxy.endpoint), RECORD_DIR: folder };
  const start = () =>
    new RecorderProcess({ variables, closeMs: 5_000, frozenMs: 10_000, resources, log });
  const startedAt = Date.now();
  const recording = { id: newRecordingId(startedAt), room: 'team', startedAt };

  await proxy.stop();
  const first = start();
  await until('a recorder', () => assert.notEqual(first.port, undefined));
  first.send({ do: 'begin', recording, node: 'node-1' });
  const ada = { participantId: 'FQ0kWRoPNiBX1XG5', name: 'Ada', role: 'host' } as const;
  const line = { type: 'joined', at: startedAt, version: 1, ...ada } as const;
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
