// Files that grow in a folder: in their place, with torn tails cut, and with a disk that has no room.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { Claim, DeathWatch } from '../../../../server/recording/spool/claim.ts';
import { composeParts } from '../../../../server/recording/spool/compose.ts';
import { openSpool } from '../../../../server/recording/spool/spool.ts';
import { DiskStore } from '../../../../server/recording/stores/disk.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { bytesOf, keysOf } from './contract.ts';

const FOLDER = 'recordings/standup/20261128T184512Z-h7q2m9x4kd';
const FILE = `${FOLDER}/tracks/a.jsonl`;
const log = createLogger('silent');

test('in a folder files grow in their place, and torn tails are cut', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'parley-folder-'));
  t.after(() => rm(dir, { recursive: true }));
  const store = new DiskStore(dir);
  const config = loadConfig({ RECORD_DIR: dir, RECORD_FREE_DISK_MB: '0' });
  const spool = await openSpool(config, store, log, new Resources());
  const file = await spool.file(FILE);
  await Promise.all([file.append(Buffer.from('one\n')), file.append(Buffer.from('two\n'))]);
  assert.equal(file.bytes, 8);
  assert.equal((await bytesOf(store, FILE)).toString(), 'one\ntwo\n');
  await assert.rejects(spool.file(FILE), /cannot be made/);
  await assert.rejects(spool.file('../climbs/tracks/x'), { code: 'missing' });
  await spool.close({ withinMs: 0 });
  await writeFile(path.join(dir, FILE), '{"torn', { flag: 'a' });
  assert.deepEqual(await composeParts(store, FOLDER), { changed: 1, left: 0 });
  assert.equal(await readFile(path.join(dir, FILE), 'utf8'), 'one\ntwo\n');
});

test('below the floor of free disk nothing is written, and it is said why', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'parley-folder-'));
  t.after(() => rm(dir, { recursive: true }));
  const config = loadConfig({ RECORD_DIR: dir, RECORD_FREE_DISK_MB: '10000000' });
  const spool = await openSpool(config, new DiskStore(dir), log, new Resources());
  await assert.rejects(spool.file(FILE), { code: 'full', message: /RECORD_FREE_DISK_MB/ });
});

test('many files are begun at once above the floor', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'parley-folder-'));
  t.after(() => rm(dir, { recursive: true }));
  const config = loadConfig({ RECORD_DIR: dir, RECORD_FREE_DISK_MB: '1' });
  const spool = await openSpool(config, new DiskStore(dir), log, new Resources());
  const keys = Array.from({ length: 50 }, (_, n) => `${FOLDER}-${n}/tracks/a.webm`);
  const files = await Promise.all(keys.map((key) => spool.file(key)));
  await Promise.all(files.map((file) => file.append(Buffer.from('bytes'))));
  await spool.close({ withinMs: 0 });
  assert.equal((await keysOf(new DiskStore(dir))).length, 50);
});

test('a disk that fills refuses appends whole, and goes on when there is room', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('mounting needs root');
  const dir = await mkdtemp(path.join(tmpdir(), 'parley-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    await rm(dir, { recursive: true });
    return t.skip('this machine mounts nothing');
  }
  t.after(async () => {
    execFileSync('umount', [dir]);
    await rm(dir, { recursive: true });
  });
  const store = new DiskStore(dir);
  const config = loadConfig({ RECORD_DIR: dir, RECORD_FREE_DISK_MB: '0' });
  const spool = await openSpool(config, store, log, new Resources());
  await writeFile(path.join(dir, 'other'), randomBytes(600_000));
  const file = await spool.file(FILE);
  const cluster = randomBytes(100_000);
  let kept = 0;
  await assert.rejects(
    async () => {
      for (;;) {
        await file.append(cluster);
        kept++;
      }
    },
    { code: 'full', message: /the disk is full \(ENOSPC\)/ },
  );
  assert.ok(kept >= 2);
  await assert.rejects(store.write('recordings/x', { bytes: cluster.subarray(0, 99_000) }), {
    code: 'full',
  });
  await rm(path.join(dir, 'other'));
  await file.append(cluster);
  await file.close();
  const expected = Buffer.concat(Array.from({ length: kept + 1 }, () => cluster));
  assert.deepEqual(await bytesOf(store, FILE), expected);
});

test('no link inside the folder is followed', async (t) => {
  const outside = await mkdtemp(path.join(tmpdir(), 'parley-outside-'));
  t.after(() => rm(outside, { recursive: true }));
  const dir = path.join(outside, 'records');
  await mkdir(path.join(dir, 'a'), { recursive: true });
  await writeFile(path.join(outside, 'secret'), 'secret');
  await symlink(outside, path.join(dir, 'up'));
  await symlink(path.join(outside, 'secret'), path.join(dir, 'a', 'secret'));
  // RECORD_DIR itself may be one.
  await symlink(dir, path.join(outside, 'link'));
  for (const root of [dir, path.join(outside, 'link')]) {
    const store = new DiskStore(root);
    for (const key of ['up/secret', 'a/secret', 'up/records/a/secret']) {
      await assert.rejects(store.read(key), key);
      assert.equal(await store.stat(key), undefined, key);
    }
    await assert.rejects(store.write('up/secret', { bytes: Buffer.from('mine') }));
    await assert.rejects(store.localFile('up/new/tracks/x'), { code: 'missing' });
    await assert.rejects(store.delete(['../secret']));
    await store.delete(['up/secret']);
    assert.deepEqual(await keysOf(store), []);
  }
  assert.equal(await readFile(path.join(outside, 'secret'), 'utf8'), 'secret');
});

test('a folder that cannot be made is named', async () => {
  const store = new DiskStore('/proc/parley');
  await assert.rejects(store.check(), /\/proc\/parley.*cannot be written/);
  const config = loadConfig({ RECORD_DIR: '/proc/parley', RECORD_FREE_DISK_MB: '0' });
  const spool = await openSpool(config, store, log, new Resources());
  await assert.rejects(spool.file(FILE), /cannot be written/);
});

test('of several processes that take a dead one’s folder one has it', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'parley-claims-'));
  t.after(() => rm(root, { recursive: true }));
  const resources = new Resources();
  const owner = await Claim.make(root, resources);
  const watch = new DeathWatch();
  assert.equal(await watch.isDead(owner.folder), false);
  // Only we are alive here, so it is taken without being dead.
  const takers = await Promise.all([1, 2, 3, 4].map(() => Claim.take(owner.folder, resources)));
  const held = takers.filter((claim) => claim !== undefined);
  assert.equal(held.length, 1);
  assert.equal(await watch.isDead(held[0]?.folder ?? ''), false);
  // The first one finds out at its next beat, and writes nothing any more.
  await owner.beat();
  await assert.rejects(owner.require(), { code: 'unwritable', message: /taken over/ });
  await owner.release();
  await held[0]?.release();
  assert.equal(resources.counts().timer, 0);
});
