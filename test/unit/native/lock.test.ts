// One provisioner works, the others wait and say so; a dead one’s lock is taken over.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { acquireLock, type LockHolder } from '../../../native/host/lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rm(folder, { recursive: true }));

const mustNotWait = { onWait: () => assert.fail('waited') };

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

test('the second waits until the first releases, and learns once which process holds it', async () => {
  const release = await acquireLock(path, mustNotWait);
  const waits: (LockHolder | undefined)[] = [];
  const waiting = Promise.withResolvers<void>();
  let first = true;
  const second = acquireLock(path, {
    onWait: (holder) => {
      waits.push(holder);
      waiting.resolve();
    },
  }).then((releaseSecond) => {
    assert.equal(first, false, 'got the lock while the first held it');
    return releaseSecond;
  });
  await waiting.promise;
  first = false;
  await release();
  await (await second)();
  assert.deepEqual(waits, [{ pid: process.pid, host: hostname() }]);
  assert.equal(existsSync(path), false);
});

test('a lock that exists names its holder, from the first moment', async () => {
  for (let round = 0; round < 200; round++) {
    let seen: string | undefined;
    const acquiring = acquireLock(path, mustNotWait);
    // The file is looked at as often as this process can.
    while (seen === undefined) {
      await new Promise(setImmediate);
      if (existsSync(path)) seen = readFileSync(path, 'utf8');
    }
    assert.match(seen, /"pid"/);
    await (await acquiring)();
  }
  assert.deepEqual(await readdir(folder), []);
});

test('the lock of a process that is dead is taken over at once', async () => {
  await writeFile(path, JSON.stringify({ pid: deadPid(), host: hostname() }));
  const release = await acquireLock(path, mustNotWait);
  await release();
});

test('the same pid on another host may live: it is waited for', async () => {
  await writeFile(path, JSON.stringify({ pid: deadPid(), host: 'elsewhere' }));
  const stop = new AbortController();
  await assert.rejects(
    acquireLock(path, { onWait: () => stop.abort(new Error('waited')), signal: stop.signal }),
    (error: Error) => error.message === 'waited' || error.name === 'AbortError',
  );
});

test('a lock that nobody has touched for minutes is taken over, wherever it is from', async () => {
  await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  const minutesAgo = new Date(Date.now() - 5 * 60 * 1000);
  await utimes(path, minutesAgo, minutesAgo);
  const release = await acquireLock(path, mustNotWait);
  await release();
});

test('releasing leaves a lock alone that another has taken over', async () => {
  const release = await acquireLock(path, mustNotWait);
  await writeFile(path, JSON.stringify({ pid: process.pid, host: 'elsewhere' }));
  await release();
  assert.equal(existsSync(path), true);
});

test('a folder that is not there is an error, not a wait', async () => {
  await assert.rejects(acquireLock(join(folder, 'none', 'lock'), mustNotWait), { code: 'ENOENT' });
});
