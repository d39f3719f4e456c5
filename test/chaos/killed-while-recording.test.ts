// Everything is killed at once while a call is recorded: after a start the recording is whole, without a hand.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { Catalog } from '../../server/recording/catalog/catalog.ts';
import { manifestKey, trackKey } from '../../server/recording/catalog/keys.ts';
import { type ManifestLine, readLines } from '../../server/recording/manifest/lines.ts';
import { timelineOf } from '../../server/recording/manifest/timeline.ts';
import { DiskStore } from '../../server/recording/stores/disk.ts';
import { S3Store } from '../../server/recording/stores/s3/s3-store.ts';
import type { RecordStore } from '../../server/recording/stores/store.ts';
import { createLogger } from '../../server/telemetry/log.ts';
import { until } from '../support/process/until.ts';
import { probe, recordFolder } from '../support/recording/recorded.ts';
import { childrenOf } from '../support/runner/processes.ts';
import { BUCKET, KEYS, ObjectStore } from '../support/s3/object-store.ts';
import { Person } from '../support/sdk/participant.ts';
import { ownedBy } from '../support/server/owned.ts';
import { Parley } from '../support/server/parley.ts';

const log = createLogger('silent');
const FILMS = { RECORD_FILMS: 'none' };
/**
 * Half a minute on a machine that is not busy: twenty seconds of silence, after which a recorder counts as gone, and a
 * look. A starved one takes longer.
 */
const PATIENCE = { withinMs: 120_000 };

test('everything is killed at once: after a start all but two seconds is there', async (t) => {
  const folder = await recordFolder(t);
  const env = { RECORD_ENABLED: '1', RECORD_DIR: folder, ...FILMS };
  const killedAt = await recordAndKill(t, env);
  ownedBy(t).use(await Parley.start(env));
  await isWhole(new DiskStore(folder), killedAt, { lostMs: 2_000, scratch: folder });
});

test('everything is killed and the disk is gone: all but ten seconds is in the store', async (t) => {
  const folder = await recordFolder(t);
  const own = ownedBy(t);
  const objects = own.use(await ObjectStore.start());
  const env = {
    ...{ RECORD_ENABLED: '1', ...FILMS, S3_ENDPOINT: objects.endpoint, S3_BUCKET: BUCKET },
    ...{ S3_ACCESS_KEY: KEYS.accessKey, S3_SECRET_KEY: KEYS.secretKey, S3_USE_SSL: 'false' },
  };
  const spool = path.join(folder, 'spool');
  await mkdir(spool);
  const killedAt = await recordAndKill(t, { ...env, RECORD_DIR: spool });
  await rm(spool, { recursive: true });
  await mkdir(spool);
  own.use(await Parley.start({ ...env, RECORD_DIR: spool }));
  const store = new S3Store(objects.settings({ base: '' }), log);
  await isWhole(store, killedAt, { lostMs: 10_000, scratch: folder });
  for await (const { key } of store.list('recordings/')) {
    assert.doesNotMatch(key, /\/parts\//, 'a part was left behind');
  }
  await store.close();
});

/** @returns when it was killed, UTC milliseconds */
async function recordAndKill(
  t: Parameters<typeof ownedBy>[0],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const parley = await Parley.start(env);
  // It does not end cleanly, and is not to.
  ownedBy(t).defer(async () => void (await parley.process.stop()));
  const people = [await Person.join(t, parley.url, 'team', 'Ada')];
  people.push(await Person.join(t, parley.url, 'team', 'Ben'));
  await people[0]?.call.recording.start();
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  const { pid } = parley.process;
  const all = [pid, ...(await childrenOf(pid))];
  const killedAt = Date.now();
  for (const each of all) process.kill(each, 'SIGKILL');
  for (const { call } of people) call.leave();
  return killedAt;
}

async function isWhole(
  store: RecordStore,
  killedAt: number,
  { lostMs, scratch }: { lostMs: number; scratch: string },
): Promise<void> {
  await until(
    'the recording to be ready',
    async () => {
      const { entries } = await new Catalog(store, { log }).list({ limit: 10 });
      assert.equal(entries[0]?.state, 'ready');
    },
    PATIENCE,
  );
  const catalog = new Catalog(store, { log });
  const { entries } = await catalog.list({ limit: 10 });
  assert.equal(entries.length, 1);
  const entry = await catalog.get(entries[0]!.id);
  assert.ok(entry);
  assert.equal(entry.files.length, 4);
  const bytes = (key: string) => store.read(key).then(buffer);
  const lines: ManifestLine[] = readLines((await bytes(manifestKey(entry.folder))).toString());
  for (const { segments, kind } of timelineOf(lines).tracks) {
    assert.equal(segments.length, 1);
    const [segment] = segments;
    assert.ok(segment);
    const file = path.join(scratch, segment.file);
    await writeFile(file, await bytes(trackKey(entry.folder, segment.file)));
    const { codec, times } = await probe(file);
    assert.equal(codec, kind === 'audio' ? 'opus' : 'vp8');
    const last = segment.zeroMs + 1_000 * (times.at(-1) ?? 0);
    assert.ok(killedAt - last < lostMs, `${kind}: ${killedAt - last} ms are lost`);
    assert.ok(Math.abs(segment.to - last) < 100, 'the manifest says another end');
    assert.equal(segment.why, 'lost');
  }
}
