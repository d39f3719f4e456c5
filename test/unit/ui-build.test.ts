// The page's build: it is there after the first call, and the second one costs next to nothing.
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensureClient } from '../../client/build.ts';

/** Kilobytes, compressed: what the start page and the call may weigh. */
const LIMITS = { entry: 20, call: 45 };

test('builds the page once', async () => {
  const { dir } = await ensureClient();
  const html = await readFile(join(dir, 'index.html'), 'utf8');
  assert.match(html, /<script type="module" crossorigin src="\/assets\/index-[\w-]+\.js">/);
  // The content security policy allows neither.
  assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|style="/);
  // Another account than the one that built it may have to read it.
  assert.equal((await stat(dir)).mode & 0o005, 0o005);

  const startedAt = performance.now();
  assert.deepEqual(await ensureClient(), { dir, built: false });
  assert.ok(performance.now() - startedAt < 2000);
});

test('stays small', async () => {
  const { dir } = await ensureClient();
  const assets = join(dir, 'assets');
  const sizes = new Map<string, number>();
  for (const name of await readdir(assets)) {
    const part = /^(.+)-[\w-]{8}\.js$/.exec(name)?.[1];
    if (part) sizes.set(part, gzipSync(await readFile(join(assets, name))).length / 1000);
  }
  const kilobytes = (part: string) => {
    const size = sizes.get(part);
    assert.ok(size !== undefined, `no part is called ${part}`);
    return size;
  };
  assert.ok(kilobytes('index') <= LIMITS.entry, `entry: ${kilobytes('index')} kB`);
  const call = kilobytes('index') + kilobytes('call-page');
  assert.ok(call <= LIMITS.call, `call page: ${call} kB`);
});
