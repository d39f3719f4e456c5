// Where workers are cached, under which names, and that nobody sees half of one.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildHash, hashText, SRTP_ORIGINS } from '../../../native/build/recipe.ts';
import {
  cachedWorkerPath,
  createBuildFolder,
  currentPlatform,
  openCacheFolder,
  platformName,
  publishWorker,
  workerCacheFolder,
} from '../../../native/cache.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-cache-'));
});
after(() => rm(folder, { recursive: true }));

describe('workerCacheFolder', () => {
  const home = '/home/ann';
  const cases = [
    ['linux', { HOME: home }, '/home/ann/.cache/parley/worker'],
    ['linux', { HOME: home, XDG_CACHE_HOME: '/var/cache/x' }, '/var/cache/x/parley/worker'],
    ['linux', { HOME: home, XDG_CACHE_HOME: 'relative' }, '/home/ann/.cache/parley/worker'],
    ['linux', { HOME: home, XDG_CACHE_HOME: '' }, '/home/ann/.cache/parley/worker'],
    ['darwin', { HOME: home }, '/home/ann/Library/Caches/parley/worker'],
    ['darwin', { HOME: home, XDG_CACHE_HOME: '/x' }, '/x/parley/worker'],
  ] as const;
  for (const [platform, env, expected] of cases) {
    test(`${platform} with ${JSON.stringify(env)}`, () => {
      assert.equal(workerCacheFolder(env, platform), expected);
    });
  }
});

describe('cachedWorkerPath', () => {
  test('names version, platform, C library and inputs', () => {
    const platform = { platform: 'linux', arch: 'x64', libc: 'glibc2.36' } as const;
    assert.equal(
      cachedWorkerPath('/c', '3.27.1', platform, 'abc'),
      '/c/3.27.1-linux-x64-glibc2.36-abc/mediasoup-worker',
    );
  });

  test('leaves out a C library that does not matter, and ends in .exe where it must', () => {
    assert.equal(
      cachedWorkerPath('/c', '3.27.1', { platform: 'win32', arch: 'x64' }, 'abc'),
      '/c/3.27.1-win32-x64-abc/mediasoup-worker.exe',
    );
  });

  test('tells this machine’s C library on Linux', { skip: process.platform !== 'linux' }, () => {
    assert.match(platformName(currentPlatform()), /^linux-\w+-(glibc[\d.]+|musl)$/);
  });
});

describe('buildHash', () => {
  const versions = new Map([
    ['libssl-dev', '3.0.22-1'],
    ['libsrtp2-dev', '2.5.0-3'],
  ]);

  test('is the same for the same packages, in any order', () => {
    const hash = buildHash(versions, 'source');
    assert.equal(hash, buildHash(new Map([...versions].reverse()), 'source'));
    assert.match(hash, /^[0-9a-f]{16}$/);
  });

  test('is another one after an upgrade of a library', () => {
    const upgraded = new Map(versions).set('libssl-dev', '3.5.0-1');
    for (const srtp of SRTP_ORIGINS) {
      assert.notEqual(buildHash(versions, srtp), buildHash(upgraded, srtp));
    }
  });

  test('tells a worker with a libsrtp of its own from one with the distribution’s', () => {
    assert.notEqual(buildHash(versions, 'source'), buildHash(versions, 'distribution'));
  });

  test('hashText tells download addresses apart', () => {
    assert.notEqual(hashText('https://a/'), hashText('https://b/'));
  });
});

describe('the folder on disk', () => {
  test('a path that is no folder is refused, saying what to set', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await assert.rejects(openCacheFolder(join(file, 'parley')), {
      name: 'ProvisionError',
      message: /cannot be written .*set XDG_CACHE_HOME/,
    });
  });

  test('a build folder is new, and what killed builds have left goes', async () => {
    const cache = join(folder, 'leftovers');
    for (const name of ['.build-old', '.build-young', '3.27.1-linux-x64-abc']) {
      await mkdir(join(cache, name), { recursive: true });
    }
    const anHourAgo = new Date(Date.now() - 60 * 60 * 1000);
    await utimes(join(cache, '.build-old'), anHourAgo, anHourAgo);
    await utimes(join(cache, '3.27.1-linux-x64-abc'), anHourAgo, anHourAgo);
    const build = await createBuildFolder(cache);
    assert.deepEqual(await readdir(build), []);
    const names = (await readdir(cache)).filter((name) => join(cache, name) !== build);
    assert.deepEqual(names.sort(), ['.build-young', '3.27.1-linux-x64-abc']);
  });

  test('publishing replaces an older binary and makes the new one executable', async () => {
    const destination = join(folder, 'entry', 'mediasoup-worker');
    await mkdir(join(folder, 'entry'));
    await writeFile(destination, 'old');
    const fresh = join(folder, 'fresh');
    await writeFile(fresh, 'new');
    await publishWorker(fresh, destination);
    assert.equal(await readFile(destination, 'utf8'), 'new');
    assert.equal((await stat(destination)).mode & 0o777, 0o755);
  });
});
