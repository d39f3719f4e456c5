// What an object store in trouble costs, and what the operator reads: a real store behind a proxy that fails.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { S3Client } from '../../../../server/recording/stores/s3/client.ts';
import { Multipart } from '../../../../server/recording/stores/s3/multipart.ts';
import { S3Store } from '../../../../server/recording/stores/s3/s3-store.ts';
import type { S3Settings } from '../../../../server/recording/stores/s3/settings.ts';
import { Uploads } from '../../../../server/recording/stores/s3/uploads.ts';
import { describeTrouble } from '../../../../server/recording/stores/trouble.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { FaultyProxy } from '../../../support/s3/faults.ts';
import { BUCKET, KEYS, NEW_KEYS, ObjectStore } from '../../../support/s3/object-store.ts';
import { bytesOf, keysOf } from './contract.ts';

const MEGABYTE = 1024 * 1024;
const KEY = 'recordings/standup/20261128T184512Z-h7q2m9x4kd/tracks/a.webm';
const BYTES = Buffer.from('the bytes of a cluster');

let objects: ObjectStore;
let proxy: FaultyProxy;
let lines: string[] = [];
const log = createLogger('info', { write: (line) => lines.push(line) });

before(async () => {
  objects = await ObjectStore.start();
  proxy = await FaultyProxy.start(objects.port);
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await objects[Symbol.asyncDispose]();
});
beforeEach(() => {
  proxy.fault = () => 'none';
  proxy.clockAheadMs = 0;
  proxy.delayMs = 0;
  proxy.seen.length = 0;
  lines = [];
});

const open = (changes: Partial<S3Settings> = {}) =>
  new S3Store(objects.settings({ endpoint: proxy.endpoint, ...changes }), log);
const write = async (store: S3Store) => {
  try {
    await store.write(KEY, { bytes: BYTES });
  } finally {
    await store.close();
  }
};
const sent = (method: string, part: RegExp) =>
  proxy.seen.filter((seen) => seen.method === method && part.test(seen.url)).length;

const NO_SECRETS = new RegExp(`${KEYS.secretKey}|${NEW_KEYS.secretKey}`);

test('a bucket that is missing, and keys that are wrong, are named without secrets', async () => {
  await assert.rejects(write(open({ bucket: 'not-there' })), (error: Error) => {
    assert.match(error.message, /no such bucket.*NoSuchBucket/);
    return Reflect.get(error, 'code') === 'no_bucket' && !NO_SECRETS.test(error.message);
  });
  const wrong = { accessKey: KEYS.accessKey, secretKey: 'not-the-secret' };
  for (const credentials of [wrong, { accessKey: 'nobody:x', secretKey: 'x' }]) {
    await assert.rejects(write(open({ credentials })), (error: Error) => {
      assert.doesNotMatch(error.message, /not-the-secret/);
      return Reflect.get(error, 'code') === 'denied';
    });
  }
  await assert.rejects(open({ bucket: 'not-there' }).check(), { code: 'no_bucket' });
});

test('a clock that is off by an hour is put right by the store’s own, and said once', async () => {
  for (const hours of [-1, 1]) {
    lines = [];
    const now = () => Date.now() + hours * 3_600_000;
    const store = new S3Store(objects.settings(), log, now);
    assert.equal(await store.stat('recordings/none'), undefined);
    await store.write(KEY, { bytes: BYTES });
    assert.deepEqual(await bytesOf(store, KEY), BYTES);
    assert.equal(lines.filter((line) => /clock of this machine/.test(line)).length, 1, `${lines}`);
    await store.close();
  }
});

test('a store that refuses every clock is told from one with wrong keys', async () => {
  // The proxy is an hour ahead and the store behind it is not: no time is right for both.
  proxy.clockAheadMs = 3_600_000;
  await assert.rejects(write(open()), { code: 'clock' });
});

test('a store that is away is unreachable, and works again when it is back', async () => {
  await proxy.stop();
  const store = open();
  try {
    await assert.rejects(store.write(KEY, { bytes: BYTES }), { code: 'unreachable' });
  } finally {
    await proxy.start();
  }
  await write(store);
});

test('a request without progress is given up', async () => {
  proxy.fault = () => 'hang';
  const startedAt = performance.now();
  await assert.rejects(write(open({ timeoutMs: 1_000 })), { code: 'failing' });
  assert.ok(performance.now() - startedAt < 15_000);
});

test('a store that is slow, but not too slow, is waited for', async () => {
  proxy.delayMs = 5_000;
  await write(open({ timeoutMs: 8_000 }));
  assert.equal(sent('PUT', /a\.webm/), 1);
});

test('errors that pass are tried again, a few times', async () => {
  for (const fault of ['error', 'slow_down', 'bad_gateway', 'half'] as const) {
    proxy.seen.length = 0;
    proxy.fault = () => (proxy.seen.length < 3 ? fault : 'none');
    const store = open();
    assert.equal((await keysOf(store)).length > 0, true, fault);
    await store.close();
    proxy.seen.length = 0;
    proxy.fault = () => fault;
    const failing = open();
    await assert.rejects(keysOf(failing), { code: 'failing' }, fault);
    assert.equal(proxy.seen.length, 4);
    await failing.close();
  }
});

test('bytes that are damaged on the way are never taken for stored', async () => {
  proxy.fault = ({ method }) => (method === 'PUT' ? 'damage' : 'none');
  await assert.rejects(write(open()), { code: 'corrupt' });
  let puts = 0;
  proxy.fault = ({ method }) => (method === 'PUT' && ++puts === 1 ? 'damage' : 'none');
  const store = open();
  await store.write(KEY, { bytes: BYTES });
  assert.deepEqual(await bytesOf(store, KEY), BYTES);
  await store.close();
});

test('a stream that breaks off goes on where it was', async () => {
  const bytes = randomBytes(3 * MEGABYTE);
  const store = open();
  await store.write(KEY, { bytes });
  let gets = 0;
  proxy.fault = ({ method }) => (method === 'GET' && ++gets < 4 ? 'half' : 'none');
  assert.deepEqual(await bytesOf(store, KEY), bytes);
  await store.delete([KEY]);
  await store.close();
});

test('keys are read again from their file when they are refused', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'keys');
  await writeFile(file, `${KEYS.accessKey}\n${KEYS.secretKey}\n`);
  const store = open({ credentials: { file } });
  await store.write(KEY, { bytes: BYTES });
  await objects.stop();
  await objects.start(NEW_KEYS);
  try {
    await assert.rejects(store.write(KEY, { bytes: BYTES }), { code: 'denied' });
    await writeFile(file, `${NEW_KEYS.accessKey}\n${NEW_KEYS.secretKey}\n`);
    await Promise.all([1, 2, 3].map((n) => store.write(`${KEY}.${n}`, { bytes: BYTES })));
    await store.delete([KEY, ...[1, 2, 3].map((n) => `${KEY}.${n}`)]);
    assert.ok(!lines.some((line) => NO_SECRETS.test(line)));
  } finally {
    await store.close();
    await objects.stop();
    await objects.start();
  }
  await rm(file);
  await assert.rejects(write(open({ credentials: { file } })), { code: 'denied' });
});

test('a large upload goes on after an outage, without what is there already', async () => {
  const bytes = randomBytes(20 * MEGABYTE);
  const store = open();
  proxy.fault = ({ url }) => (/partNumber=3/.test(url) ? 'error' : 'none');
  await assert.rejects(store.write(KEY, { bytes }), { code: 'failing' });
  assert.equal(sent('PUT', /partNumber=1/), 1);
  proxy.fault = () => 'none';
  proxy.seen.length = 0;
  await store.write(KEY, { bytes });
  assert.equal(sent('PUT', /partNumber=[12]/), 0);
  assert.equal(sent('PUT', /partNumber=3/), 1);
  assert.deepEqual(await bytesOf(store, KEY), bytes);
  await store.delete([KEY]);
  assert.deepEqual(await uploads(), 0);
  await store.close();
});

test('a large upload whose last answer is lost is done', async () => {
  const bytes = randomBytes(17 * MEGABYTE);
  const store = open();
  let answers = 0;
  proxy.fault = ({ method, url }) =>
    method === 'POST' && /uploadId=/.test(url) && ++answers === 1 ? 'lost_answer' : 'none';
  await store.write(KEY, { bytes });
  assert.equal((await store.stat(KEY))?.bytes, bytes.length);
  await store.delete([KEY]);
  await store.close();
});

test('a large upload that is refused, or called off, is ended', async () => {
  const bytes = randomBytes(17 * MEGABYTE);
  proxy.fault = ({ url }) => (/partNumber=2/.test(url) ? 'denied' : 'none');
  const store = open();
  await assert.rejects(store.write(KEY, { bytes }), { code: 'denied' });
  assert.equal(await uploads(), 0);
  const stop = new AbortController();
  proxy.fault = ({ url }) => {
    if (/partNumber=2/.test(url)) stop.abort(new Error('called off'));
    return 'none';
  };
  await assert.rejects(store.write(KEY, { bytes }, { signal: stop.signal }), /called off/);
  assert.equal(await uploads(), 0);
  await store.close();
});

test('uploads of recordings that nobody finished for a day are ended, others not', async () => {
  const client = new S3Client(objects.settings(), log);
  const multipart = new Multipart(client, new Uploads(client));
  for (const key of [KEY, 'recordings/of-another-program']) {
    await client.send({ method: 'POST', key, query: { uploads: '' }, verb: 'begin' });
  }
  assert.equal(await multipart.endStale('recordings/'), 0);
  assert.equal(await multipart.endStale('recordings/', Date.now() + 2 * 86_400_000), 1);
  assert.equal(await uploads(), 1);
  client.close();
});

test('every trouble has a remedy', async () => {
  await proxy.stop();
  try {
    await assert.rejects(write(open()), (error) => {
      assert.match(describeTrouble(error as never), /cannot be reached.*S3_ENDPOINT/);
      return true;
    });
  } finally {
    await proxy.start();
  }
});

/** How many uploads in parts are open in the bucket. */
async function uploads(): Promise<number> {
  const client = new S3Client(objects.settings({ bucket: BUCKET }), log);
  const query = { uploads: '' };
  const { body } = await client.send({ method: 'GET', query, verb: 'list uploads' });
  client.close();
  return body.toString().split('<UploadId>').length - 1;
}
