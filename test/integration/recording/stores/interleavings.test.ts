// Whatever fails and whenever a process begins anew: in the end the store has what was appended, and nothing else.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadConfig } from '../../../../server/config/config.ts';
import { composeParts } from '../../../../server/recording/spool/compose.ts';
import type { GrowingFile } from '../../../../server/recording/spool/growing-file.ts';
import { openSpool, type Spool } from '../../../../server/recording/spool/spool.ts';
import { StoreError } from '../../../../server/recording/stores/store.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { until } from '../../../support/process/until.ts';
import { MemoryStore } from '../../../support/s3/memory-store.ts';
import { bytesOf, keysOf } from './contract.ts';

const FOLDER = 'recordings/standup/20261128T184512Z-h7q2m9x4kd';
const RUNS = 12;
const log = createLogger('silent');

type Step =
  | { do: 'append'; file: number; bytes: number }
  | { do: 'close'; file: number }
  | { do: 'trouble'; trouble: 'before' | 'after' | 'none' }
  | { do: 'restart' }
  | { do: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      file: fc.nat(2),
      bytes: fc.integer({ min: 1, max: 5_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), file: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      trouble: fc.constantFrom('before' as const, 'after' as const, 'none' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(700) }) },
);

test('any interleaving of appends, troubles and restarts', { timeout: 200_000 }, async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), run), {
    numRuns: RUNS,
    interruptAfterTimeLimit: 100_000,
  });
});

async function run(steps: readonly Step[]): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), 'parley-interleavings-'));
  const store = new MemoryStore();
  const resources = new Resources();
  const config = loadConfig({
    ...{ RECORD_DIR: dir, RECORD_UPLOAD_SECONDS: '1', RECORD_FREE_DISK_MB: '0' },
  });
  const expected = new Map<string, string>();
  let spool: Spool = await openSpool(config, store, log, resources);
  let files = new Map<number, GrowingFile>();
  let generation = 0;
  try {
    for (const each of steps) {
      if (each.do === 'append') {
        const key = `${FOLDER}/tracks/${generation}-${each.file}.jsonl`;
        const file =
          files.get(each.file) ?? (expected.has(key) ? undefined : await spool.file(key));
        if (!file) continue;
        files.set(each.file, file);
        const text = `${key} ${expected.get(key)?.length ?? 0} ${'x'.repeat(each.bytes)}\n`;
        await file.append(Buffer.from(text));
        expected.set(key, (expected.get(key) ?? '') + text);
      } else if (each.do === 'close') {
        await files.get(each.file)?.close();
        files.delete(each.file);
      } else if (each.do === 'trouble') {
        store.trouble = each.trouble;
      } else if (each.do === 'restart') {
        await spool.close({ withinMs: 0 });
        files = new Map();
        generation++;
        spool = await openSpool(config, store, log, resources);
      } else if (each.do === 'wait') {
        await new Promise((resolve) => setTimeout(resolve, each.ms));
      }
    }
    store.trouble = 'none';
    for (const file of files.values()) await file.close();
    await until(
      'everything to be uploaded',
      async () => {
        assert.equal(spool.state().waitingBytes, 0);
        for (const key of expected.keys()) assert.ok(await store.stat(key), key);
      },
      { withinMs: 30_000 },
    );
    await spool.close({ withinMs: 30_000 });
    await composeParts(store, FOLDER);
    assert.deepEqual(await keysOf(store), [...expected.keys()].sort());
    for (const [key, text] of expected) {
      assert.equal((await bytesOf(store, key)).toString(), text, key);
    }
    assert.equal(resources.counts().timer, 0);
  } finally {
    await spool.close({ withinMs: 0 });
    await rm(dir, { recursive: true, force: true });
  }
}

test('the store of this test fails before and after it has done something', async () => {
  const store = new MemoryStore();
  const bytes = Buffer.from('x');
  store.trouble = 'before';
  await assert.rejects(store.write('a', { bytes }), StoreError);
  store.trouble = 'after';
  await assert.rejects(store.write('b', { bytes }), StoreError);
  store.trouble = 'none';
  assert.deepEqual(await keysOf(store), ['b']);
});
