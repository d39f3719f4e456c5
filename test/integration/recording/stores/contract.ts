// What every store keeps to, whatever it is made of.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type RecordStore, StoreError } from '../../../../server/recording/stores/store.ts';

export const bytesOf = async (store: RecordStore, key: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

export const keysOf = async (store: RecordStore, prefix = ''): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const MEGABYTE = 1024 * 1024;

/** @param open an empty store; what it needs is closed after the test */
export function storeContract(name: string, open: (t: TestContext) => Promise<RecordStore>): void {
  const contract = (title: string, run: (store: RecordStore, t: TestContext) => Promise<void>) =>
    test(`${name}: ${title}`, async (t) => {
      const store = await open(t);
      await run(store, t);
      await store.close();
    });

  contract('what was written is read, whole and in ranges, and listed', async (store) => {
    const bytes = randomBytes(100_000);
    const before = Date.now();
    await store.write('recordings/a/one.webm', { bytes }, { type: 'video/webm' });
    assert.deepEqual(await bytesOf(store, 'recordings/a/one.webm'), bytes);
    const range = await store.read('recordings/a/one.webm', { first: 10, last: 19 });
    const chunks = await range.toArray();
    assert.deepEqual(Buffer.concat(chunks), bytes.subarray(10, 20));
    const found = await store.stat('recordings/a/one.webm');
    assert.equal(found?.bytes, 100_000);
    assert.ok(Math.abs((found?.modifiedAt ?? 0) - before) < 60_000);
    assert.deepEqual(await keysOf(store), ['recordings/a/one.webm']);
  });

  contract('a range beyond the end ends at the end', async (store) => {
    await store.write('recordings/a/x', { bytes: Buffer.from('0123456789') });
    const chunks = await (await store.read('recordings/a/x', { first: 8, last: 99 })).toArray();
    assert.equal(Buffer.concat(chunks).toString(), '89');
  });

  contract('an empty object is one', async (store) => {
    await store.write('recordings/a/empty', { bytes: Buffer.alloc(0) });
    assert.equal((await store.stat('recordings/a/empty'))?.bytes, 0);
    assert.equal((await bytesOf(store, 'recordings/a/empty')).length, 0);
  });

  contract('a write replaces what was there', async (store) => {
    await store.write('recordings/a/x', { bytes: Buffer.from('long before') });
    await store.write('recordings/a/x', { bytes: Buffer.from('after') });
    assert.equal((await bytesOf(store, 'recordings/a/x')).toString(), 'after');
  });

  contract('keys are listed in the order of their bytes, by prefix, after one', async (store) => {
    const names = ['a/b/c', 'a/b-c', 'a/b', 'a/b.c/d', 'a/bé', 'a/z', 'b/a', 'a/Z', 'a/b&<c>"\''];
    // A folder cannot be a file as well; stores of objects can.
    const keys = names.filter((key) => key !== 'a/b').map((key) => `recordings/${key}`);
    for (const key of keys) await store.write(key, { bytes: Buffer.from(key) });
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(await keysOf(store), sorted);
    assert.deepEqual(
      await keysOf(store, 'recordings/a/b'),
      sorted.filter((key) => key.startsWith('recordings/a/b')),
    );
    const after: string[] = [];
    for await (const { key } of store.list('recordings/a/', { after: 'recordings/a/b.c/d' })) {
      after.push(key);
    }
    assert.deepEqual(
      after,
      sorted.filter(
        (key) =>
          key.startsWith('recordings/a/') &&
          sorted.indexOf(key) > sorted.indexOf('recordings/a/b.c/d'),
      ),
    );
  });

  contract('what is not there is missing', async (store) => {
    assert.equal(await store.stat('recordings/none'), undefined);
    await assert.rejects(store.read('recordings/none'), { code: 'missing' });
    await assert.rejects(store.join('recordings/x', ['recordings/none']), { code: 'missing' });
    assert.deepEqual(await keysOf(store), []);
  });

  contract('many are deleted, some of which are not there', async (store) => {
    const keys = Array.from({ length: 12 }, (_, n) => `recordings/a/${n} & more`);
    await Promise.all(keys.map((key) => store.write(key, { bytes: Buffer.from(key) })));
    await store.write('recordings/b', { bytes: Buffer.from('stays') });
    await store.delete([...keys, 'recordings/none']);
    await store.delete(keys);
    await store.delete([]);
    assert.deepEqual(await keysOf(store), ['recordings/b']);
  });

  contract('keys that climb are refused, and lead nowhere', async (store) => {
    for (const key of [
      '../x',
      'a/../../x',
      '/x',
      'a//b',
      'a/',
      '',
      '.',
      'a/\0',
      'a\\..\\b',
      '\ud800',
    ]) {
      await assert.rejects(store.write(key, { bytes: Buffer.from('x') }), StoreError, key);
      await assert.rejects(store.read(key), StoreError, key);
      await assert.rejects(store.delete([key]), StoreError, key);
    }
    const long = `recordings/${'n'.repeat(255)}/${'é'.repeat(127)}`;
    await store.write(long, { bytes: Buffer.from('long') });
    assert.equal((await bytesOf(store, long)).toString(), 'long');
    await assert.rejects(
      store.write(`a/${'n'.repeat(256)}`, { bytes: Buffer.alloc(1) }),
      StoreError,
    );
  });

  contract('a file of this machine is written, small and large', async (store) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-contract-'));
    try {
      for (const size of [0, 5, 16 * MEGABYTE, 16 * MEGABYTE + 1, 21 * MEGABYTE]) {
        const bytes = randomBytes(size);
        const file = path.join(folder, 'file');
        await writeFile(file, bytes);
        await store.write('recordings/a/large', { file });
        assert.equal(sha(await bytesOf(store, 'recordings/a/large')), sha(bytes), `${size} bytes`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    assert.deepEqual(await keysOf(store), ['recordings/a/large']);
  });

  contract(
    'objects are joined, small and large, to a new one and to one of them',
    async (store) => {
      const parts = [randomBytes(9 * MEGABYTE), randomBytes(10), randomBytes(9 * MEGABYTE)];
      const keys = parts.map((_, index) => `recordings/a/parts/${index}`);
      for (const [index, bytes] of parts.entries()) await store.write(keys[index] ?? '', { bytes });
      await store.join('recordings/a/whole', keys);
      assert.equal(sha(await bytesOf(store, 'recordings/a/whole')), sha(Buffer.concat(parts)));
      await store.join('recordings/a/few', keys.slice(1, 2));
      assert.deepEqual(await bytesOf(store, 'recordings/a/few'), parts[1]);
      await store.join('recordings/a/few', ['recordings/a/few', keys[1] ?? '']);
      assert.equal((await bytesOf(store, 'recordings/a/few')).length, 20);
      assert.equal((await keysOf(store)).length, 5);
    },
  );

  contract('a write that is called off leaves nothing', async (store) => {
    const signal = AbortSignal.abort(new Error('called off'));
    const bytes = randomBytes(10);
    await assert.rejects(store.write('recordings/x', { bytes }, { signal }), /called off/);
    assert.deepEqual(await keysOf(store), []);
  });

  contract('a check leaves nothing', async (store) => {
    await store.check();
    assert.deepEqual(await keysOf(store), []);
  });
}
