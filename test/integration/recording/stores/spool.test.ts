// Files that grow, up to a real object store: processes, stores and disks that go away cost nothing that was appended.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { composeParts } from '../../../../server/recording/spool/compose.ts';
import { partKey, partsOf } from '../../../../server/recording/spool/parts.ts';
import { openSpool } from '../../../../server/recording/spool/spool.ts';
import { S3Store } from '../../../../server/recording/stores/s3/s3-store.ts';
import type { S3Settings } from '../../../../server/recording/stores/s3/settings.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { ManagedProcess } from '../../../support/process/managed-process.ts';
import { until } from '../../../support/process/until.ts';
import { FaultyProxy } from '../../../support/s3/faults.ts';
import { KEYS, NEW_KEYS, ObjectStore } from '../../../support/s3/object-store.ts';
import { lineOf } from '../../../support/s3/recorder-child.ts';
import { bytesOf, keysOf } from './contract.ts';

const CHILD = path.join(import.meta.dirname, '../../../support/s3/recorder-child.ts');
const FOLDER = 'recordings/standup/20261128T184512Z-h7q2m9x4kd';
const FILE = `${FOLDER}/tracks/a.jsonl`;
const log = createLogger('silent');

let objects: ObjectStore;
let proxy: FaultyProxy;
let buckets = 0;
before(async () => {
  objects = await ObjectStore.start();
  proxy = await FaultyProxy.start(objects.port);
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await objects[Symbol.asyncDispose]();
});

async function setUp(t: TestContext, changes: Partial<S3Settings> = {}) {
  proxy.fault = () => 'none';
  const bucket = `spool-${++buckets}`;
  await objects.makeBucket(bucket);
  const dir = await mkdtemp(path.join(tmpdir(), 'parley-spool-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const settings = objects.settings({ bucket, endpoint: proxy.endpoint, ...changes });
  const store = new S3Store(settings, log);
  t.after(() => store.close());
  const config = loadConfig({
    ...{ RECORD_DIR: dir, RECORD_UPLOAD_SECONDS: '1', RECORD_FREE_DISK_MB: '0' },
  });
  const resources = new Resources();
  const open = () => openSpool(config, store, log, resources);
  return { bucket, dir, settings, store, config, resources, open };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test('a file is uploaded as it grows, then as a whole, and nothing else is left', async (t) => {
  const { store, dir, resources, open } = await setUp(t);
  const spool = await open();
  const file = await spool.file(FILE);
  const appended: Buffer[] = [];
  for (let n = 0; n < 30; n++) {
    const bytes = Buffer.from(lineOf(0, n));
    appended.push(bytes);
    await file.append(bytes);
  }
  await until('parts in the store', async () => {
    let reach = 0;
    for await (const { key } of store.list(partsOf(FILE))) reach += Number(key.split('-').at(-1));
    assert.equal(reach, Buffer.concat(appended).length);
  });
  assert.deepEqual(spool.state(), { waitingBytes: 0, oldestWaitingMs: 0 });
  assert.equal(await store.stat(FILE), undefined);
  await file.append(Buffer.from(lineOf(0, 30)));
  await file.close();
  await file.close();
  await assert.rejects(file.append(Buffer.from('late')), { code: 'unwritable' });
  await spool.stored(`${FOLDER}/`);
  const all = Buffer.concat([...appended, Buffer.from(lineOf(0, 30))]);
  assert.deepEqual(await bytesOf(store, FILE), all);
  assert.deepEqual(await keysOf(store), [FILE]);
  await spool.close({ withinMs: 5_000 });
  assert.deepEqual(await readdir(path.join(dir, 'spool')), []);
  assert.equal(resources.counts().timer, 0);
});

test('what a killed process left is uploaded by another one, as far as it was on the disk', async (t) => {
  const { store, dir, settings, open } = await setUp(t);
  const child = new ManagedProcess({
    ...{ name: 'recorder', command: process.execPath },
    args: [CHILD, JSON.stringify(settings), dir, `${FOLDER}/log/`, '3'],
  });
  t.after(() => child.stop());
  await child.line(/^appended 2 40$/, 20_000);
  child.signal('SIGKILL');
  await until('the process to end', () => assert.ok(child.end));
  const torn = (await readdir(dir, { recursive: true })).find((name) => name.endsWith('0.jsonl'));
  await writeFile(path.join(dir, torn ?? ''), '{"torn', { flag: 'a' });
  const spool = await open();
  await until(
    'all to be uploaded, and nothing to be left',
    async () => {
      assert.deepEqual(
        await keysOf(store),
        [0, 1, 2].map((n) => `${FOLDER}/log/${n}.jsonl`),
      );
      assert.deepEqual(await filesIn(dir), ['heartbeat']);
    },
    { withinMs: 40_000 },
  );
  for (const file of [0, 1, 2]) {
    const said = child.lines.filter((line) => line.startsWith(`appended ${file} `)).length;
    const lines = (await bytesOf(store, `${FOLDER}/log/${file}.jsonl`)).toString().split('\n');
    assert.equal(lines.pop(), '');
    assert.ok(lines.length >= said, `${lines.length} of ${said} lines`);
    assert.deepEqual(
      lines,
      lines.map((_, n) => lineOf(file, n).trimEnd()),
    );
  }
  await spool.close({ withinMs: 5_000 });
});

test('of a machine that is gone with its disk three seconds are lost at most, with an upload a second', async (t) => {
  const { store, dir, settings } = await setUp(t);
  const child = new ManagedProcess({
    ...{ name: 'recorder', command: process.execPath },
    args: [CHILD, JSON.stringify(settings), dir, `${FOLDER}/log/`, '2'],
  });
  t.after(() => child.stop());
  await child.line(/^appended 1 100$/, 20_000);
  child.signal('SIGKILL');
  await until('the process to end', () => assert.ok(child.end));
  await rm(dir, { recursive: true });
  // Two do it at once, and then one again.
  await Promise.all([composeParts(store, FOLDER), composeParts(store, FOLDER)]);
  assert.deepEqual(await composeParts(store, FOLDER), { changed: 0, left: 0 });
  assert.deepEqual(
    await keysOf(store),
    [0, 1].map((n) => `${FOLDER}/log/${n}.jsonl`),
  );
  for (const file of [0, 1]) {
    const said = child.lines.filter((line) => line.startsWith(`appended ${file} `)).length;
    const lines = (await bytesOf(store, `${FOLDER}/log/${file}.jsonl`)).toString().split('\n');
    assert.equal(lines.pop(), '');
    // RECORD_UPLOAD_SECONDS is 1 here; a line comes every 50 ms. The store is slow on a busy machine.
    assert.ok(said - lines.length < 60, `${lines.length} of ${said} lines`);
    assert.deepEqual(
      lines,
      lines.map((_, n) => lineOf(file, n).trimEnd()),
    );
  }
});

test('an outage is reported, waited for, and made up for in larger parts', async (t) => {
  const { store, open } = await setUp(t, { timeoutMs: 2_000 });
  const spool = await open();
  const heard: string[] = [];
  spool.events.on('unhealthy', (problem) => heard.push(problem.code));
  spool.events.on('healthy', () => heard.push('healthy'));
  const file = await spool.file(FILE);
  const appended: Buffer[] = [];
  const append = async (n: number) => {
    const bytes = Buffer.from(lineOf(0, n));
    appended.push(bytes);
    await file.append(bytes);
  };
  await append(0);
  await proxy.stop();
  await until('trouble to be heard of', async () => {
    await append(appended.length);
    assert.ok(heard.length > 0);
  });
  assert.equal(spool.state().lastProblem?.code, 'unreachable');
  assert.ok(spool.state().waitingBytes > 0);
  proxy.fault = () => 'error';
  await proxy.start();
  for (let n = 0; n < 20; n++) await append(appended.length);
  await until('another trouble', () => assert.equal(spool.state().lastProblem?.code, 'failing'), {
    withinMs: 30_000,
  });
  proxy.fault = () => 'none';
  await until('health', () => assert.equal(heard.at(-1), 'healthy'), { withinMs: 30_000 });
  await until('all parts', () => assert.equal(spool.state().waitingBytes, 0));
  assert.ok((await keysOf(store, partsOf(FILE))).length < appended.length / 3);
  await file.close();
  await spool.stored(FOLDER);
  assert.deepEqual(await bytesOf(store, FILE), Buffer.concat(appended));
  assert.deepEqual(await keysOf(store), [FILE]);
  await spool.close({ withinMs: 5_000 });
});

test('keys that are rotated while a file grows lose nothing', async (t) => {
  const keys = path.join(await mkdtemp(path.join(tmpdir(), 'parley-keys-')), 'keys');
  t.after(() => rm(path.dirname(keys), { recursive: true }));
  await writeFile(keys, `${KEYS.accessKey}\n${KEYS.secretKey}\n`);
  const { store, open } = await setUp(t, { credentials: { file: keys } });
  const spool = await open();
  const file = await spool.file(FILE);
  await file.append(Buffer.from('before\n'));
  await until('the first part', () => assert.equal(spool.state().waitingBytes, 0));
  await objects.stop();
  await objects.start(NEW_KEYS);
  try {
    await file.append(Buffer.from('between\n'));
    await until('the refusal', () => assert.equal(spool.state().lastProblem?.code, 'denied'));
    await writeFile(keys, `${NEW_KEYS.accessKey}\n${NEW_KEYS.secretKey}\n`);
    await file.append(Buffer.from('after\n'));
    await file.close();
    await spool.stored(FOLDER);
    assert.equal((await bytesOf(store, FILE)).toString(), 'before\nbetween\nafter\n');
    assert.deepEqual(await keysOf(store), [FILE]);
    await spool.close({ withinMs: 5_000 });
  } finally {
    await objects.stop();
    await objects.start();
  }
});

test('what is not uploaded in time is there for the next process, at once', async (t) => {
  const { store, open } = await setUp(t);
  const spool = await open();
  const file = await spool.file(FILE);
  await file.append(Buffer.from('a line\n'));
  proxy.fault = () => 'error';
  await spool.close({ withinMs: 100 });
  proxy.fault = () => 'none';
  assert.deepEqual(await keysOf(store), []);
  const next = await open();
  await until('the upload', async () => assert.deepEqual(await keysOf(store), [FILE]));
  assert.equal((await bytesOf(store, FILE)).toString(), 'a line\n');
  await next.close({ withinMs: 15_000 });
});

test('a longer copy replaces a shorter one, and never the other way round', async (t) => {
  const { store, dir, open } = await setUp(t);
  await store.write(FILE, { bytes: Buffer.from('one\n') });
  await store.write(`${FOLDER}/log/b.jsonl`, { bytes: Buffer.from('one\ntwo\nthree\n') });
  const left = path.join(dir, 'spool', 'left-behind', 'files', FOLDER);
  for (const name of ['tracks/a.jsonl', 'log/b.jsonl']) {
    await mkdir(path.dirname(path.join(left, name)), { recursive: true });
    await writeFile(path.join(left, name), 'one\ntwo\nth');
  }
  const spool = await open();
  await until(
    'the folder to be taken and emptied',
    async () => {
      assert.deepEqual(await filesIn(dir), ['heartbeat']);
    },
    { withinMs: 40_000 },
  );
  assert.equal((await bytesOf(store, FILE)).toString(), 'one\ntwo\n');
  assert.equal((await bytesOf(store, `${FOLDER}/log/b.jsonl`)).toString(), 'one\ntwo\nthree\n');
  // Parts that turn up late, some of which go further.
  await store.write(partKey(FILE, 0, 4), { bytes: Buffer.from('one\n') });
  await store.write(partKey(FILE, 4, 10), { bytes: Buffer.from('two\nthree\n') });
  await store.write(partKey(FILE, 99, 1), { bytes: Buffer.from('\n') });
  assert.deepEqual(await composeParts(store, FOLDER), { changed: 1, left: 1 });
  assert.equal((await bytesOf(store, FILE)).toString(), 'one\ntwo\nthree\n');
  assert.deepEqual(await keysOf(store, `${FOLDER}/parts/`), [partKey(FILE, 99, 1)]);
  await spool.close({ withinMs: 5_000 });
});
