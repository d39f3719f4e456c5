// The page's build: it is there after the first call, and the second one costs next to nothing.
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensureClient } from '../../../client/build.ts';

/** Kilobytes, compressed: what the start page and the call may weigh. */
const LIMITS = { entry: 21.7, call: 45 };

test('builds the page once', async () => {
  const { dir } = await ensureClient();
  const html = await readFile(join(dir, 'index.html'), 'utf8');
  assert.match(html, /<script type="module" crossorigin src="\/assets\/index-[\w-]+\.js">/);
  // The content security policy allows neither.
  assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|style="/);
  const assets = await readdir(join(dir, 'assets'));
  const plain = assets.filter((name) => /\.(js|css)$/.test(name));
  for (const name of plain) {
    for (const ending of ['br', 'gz']) assert.ok(assets.includes(`${name}.${ending}`), name);
  }
  // Another account than the one that built it may have to read it.
  assert.equal((await stat(dir)).mode & 0o005, 0o005);

  const startedAt = performance.now();
  assert.deepEqual(await ensureClient(), { dir, built: false });
  assert.ok(performance.now() - startedAt < 2000);
});

test('stays small', async () => {
  const { dir } = await ensureClient();
  const kilobytes = async (path: string) => gzipSync(await readFile(join(dir, path))).length / 1000;
  const html = await readFile(join(dir, 'index.html'), 'utf8');
  const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)];
  let entry = 0;
  for (const [, path = ''] of scripts) entry += await kilobytes(path);
  assert.ok(entry > 0 && entry <= LIMITS.entry, `what index.html loads: ${entry} kB`);
  const assets = await readdir(join(dir, 'assets'));
  const callPage = assets.find((name) => /^joined-page-.+\.js$/.test(name));
  assert.ok(callPage !== undefined, 'the call is not a part of its own');
  const call = entry + (await kilobytes(`assets/${callPage}`));
  assert.ok(call <= LIMITS.call, `with the call: ${call} kB`);
});
