// Old recordings are deleted, and deletions that were interrupted go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog } from '../../../../server/recording/catalog/catalog.ts';
import { type IndexEntry, newEntry } from '../../../../server/recording/catalog/entry.ts';
import { startOf, trackKey } from '../../../../server/recording/catalog/keys.ts';
import { Housekeeper } from '../../../../server/recording/process/housekeeper.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { MemoryStore } from '../../../support/recording/memory-store.ts';

const log = createLogger('silent');
const TEMPLATE = 'recordings/{room}/{id}';
const OLD = '20261101T120000Z-aaaaaaaaaa';
const YOUNG = '20261127T120000Z-bbbbbbbbbb';
const NOW = Date.UTC(2026, 10, 28);

function ended(id: string): IndexEntry {
  const startedAt = startOf(id);
  const entry = newEntry({ id, room: 'team', startedAt }, TEMPLATE);
  return { ...entry, state: 'ready', endedAt: startedAt + 1_000 };
}

for (const { days, left } of [
  { days: 0, left: [OLD, YOUNG] },
  { days: 26, left: [YOUNG] },
  { days: 27, left: [OLD, YOUNG] },
]) {
  test(`recordings are kept for ${days === 0 ? 'ever' : `${days} days`}`, async () => {
    const store = new MemoryStore();
    const catalog = new Catalog(store, { log });
    for (const id of [OLD, YOUNG]) {
      const entry = ended(id);
      await store.write(trackKey(entry.folder, 'a.webm'), { bytes: Buffer.from('x') });
      await catalog.finish(entry);
    }
    const resources = new Resources();
    const keeper = new Housekeeper({ catalog, retentionDays: days, resources, log });
    await keeper.look(NOW);
    keeper.close();
    const { entries } = await new Catalog(store, { log }).list({ limit: 10 });
    assert.deepEqual(entries.map(({ id }) => id).toSorted(), left);
    const keys: string[] = [];
    for await (const { key } of store.list('recordings/')) keys.push(key);
    assert.equal(keys.length, left.length);
    assert.equal(resources.counts().timer, 0);
  });
}
