// The doctor names what keeps calls from being recorded, and what to do.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { checkRecording } from '../../../../server/doctor/checks/recording.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { freeTcpPort } from '../../../support/network/ports.ts';
import { BUCKET, KEYS, ObjectStore } from '../../../support/s3/object-store.ts';

const log = createLogger('silent');
let objects: ObjectStore;
let folder = '';
before(async () => {
  objects = await ObjectStore.start();
  folder = await mkdtemp(path.join(tmpdir(), 'parley-doctor-'));
});
after(async () => {
  await objects[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function found(env: Record<string, string>): Promise<string[]> {
  const all = { RECORD_ENABLED: '1', RECORD_FILMS: 'none', RECORD_FREE_DISK_MB: '0', ...env };
  const findings = await checkRecording(loadConfig(all), log);
  assert.ok(findings.every(({ verdict }) => verdict.state === 'ok' || verdict.detail.length > 20));
  for (const { verdict } of findings) {
    assert.doesNotMatch(`${verdict.detail} ${verdict.remedy}`, new RegExp(KEYS.secretKey));
  }
  return findings.map(({ subject, verdict }) =>
    `${subject}: ${verdict.state} ${verdict.cause ?? ''}`.trimEnd(),
  );
}
const bucket = (env: Record<string, string> = {}) => ({
  ...{ S3_ENDPOINT: `127.0.0.1:${objects.port}`, S3_USE_SSL: 'false', S3_BUCKET: BUCKET },
  ...{ S3_ACCESS_KEY: KEYS.accessKey, S3_SECRET_KEY: KEYS.secretKey, ...env },
});

test('nothing is looked at where nothing is recorded', async () => {
  assert.deepEqual(await found({ RECORD_ENABLED: '0' }), ['undefined: skipped']);
});

test('a place is needed', async () => {
  assert.deepEqual(await found({}), ['undefined: failed no_place']);
  assert.deepEqual(await found({ S3_BUCKET: 'b' }), ['undefined: failed configuration']);
});

test('a folder that can be written, one that cannot, and a disk below the floor', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  assert.deepEqual(await found({ RECORD_DIR: folder }), ['folder: ok']);
  assert.deepEqual(await found({ RECORD_DIR: file }), ['folder: failed unwritable']);
  assert.deepEqual(await found({ RECORD_DIR: folder, RECORD_FREE_DISK_MB: '10000000' }), [
    'folder: failed disk_full',
  ]);
});

test('a bucket that works, one that is missing, wrong keys, and a store that is away', async () => {
  assert.deepEqual(await found({ ...bucket(), RECORD_DIR: folder }), ['bucket: ok', 'folder: ok']);
  assert.deepEqual(await found(bucket({ S3_BUCKET: 'not-there' })), ['bucket: failed no_bucket']);
  assert.deepEqual(await found(bucket({ S3_SECRET_KEY: 'wrong' })), ['bucket: failed denied']);
  const port = await freeTcpPort();
  assert.deepEqual(await found(bucket({ S3_ENDPOINT: `127.0.0.1:${port}` })), [
    'bucket: failed unreachable',
  ]);
  assert.deepEqual(await found(bucket({ S3_USE_SSL: 'true' })), ['bucket: failed unreachable']);
});

test('films need ffmpeg', async (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = '/nowhere';
  const findings = await found({ RECORD_DIR: folder, RECORD_FILMS: 'grid' });
  assert.deepEqual(findings, ['folder: ok', 'films: warning no_ffmpeg']);
});
