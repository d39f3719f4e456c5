// A process's copy of the TURN pool: seeded, followed, and put back into a store that lost it.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { MemoryTurn } from '../../../../server/cluster/memory/turn.ts';
import { SEED_TTL_MS, type TurnServer, type TurnStore } from '../../../../server/cluster/turn.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { PoolSync } from '../../../../server/turn/pool/pool-sync.ts';
import { turnServer } from '../../../support/turn/turn-server.ts';

const MANY = 100;
const CONFIGURED = turnServer('gateway', { origin: 'environment' });

/** A store that can be away, or come back without its memory. */
class Store {
  memory = new MemoryTurn();
  isAway = false;

  get turn(): TurnStore {
    const current = () => {
      if (this.isAway) throw new Error('the store is away');
      return this.memory;
    };
    return {
      read: async (known) => current().read(known),
      put: async (server, most) => current().put(server, most),
      seed: async (servers, options) => current().seed(servers, options),
      setDraining: async (id, draining) => current().setDraining(id, draining),
      remove: async (id) => current().remove(id),
      restore: async (known) => current().restore(known),
      report: async (report, ttlMs) => current().report(report, ttlMs),
      reports: async () => current().reports(),
      sample: async (sample, everyMs) => current().sample(sample, everyMs),
      samples: async () => current().samples(),
    };
  }
}

async function start(
  store: Store,
  seeds: readonly TurnServer[],
  t: { after(f: () => void): void },
) {
  const seen: string[][] = [];
  const sync = await PoolSync.start({
    store: store.turn,
    seeds,
    refreshMs: 3_600_000,
    resources: new Resources(),
    log: createLogger('silent'),
    onChange: (servers) => seen.push(servers.map(({ id }) => id).sort()),
  });
  t.after(() => sync.close());
  return { sync, seen };
}

test('what is configured is in the pool when the process has started', async (t) => {
  const { sync, seen } = await start(new Store(), [CONFIGURED], t);
  assert.deepEqual(sync.servers, [CONFIGURED]);
  assert.deepEqual(seen.at(-1), ['gateway']);
});

test('what others change is seen, and what stays the same is not told twice', async (t) => {
  const store = new Store();
  const { sync, seen } = await start(store, [CONFIGURED], t);
  const told = seen.length;
  await sync.refresh();
  assert.equal(seen.length, told);
  await store.memory.put(turnServer('added'), MANY);
  await sync.refresh();
  assert.deepEqual(seen.at(-1), ['added', 'gateway']);
});

test('without the store, the configuration is gone by, and later what is known', async (t) => {
  const store = new Store();
  store.isAway = true;
  const { sync, seen } = await start(store, [CONFIGURED], t);
  assert.deepEqual(seen, [['gateway']]);
  store.isAway = false;
  await store.memory.put(turnServer('added'), MANY);
  await sync.refresh();
  store.isAway = true;
  await sync.refresh();
  assert.deepEqual(sync.servers.map(({ id }) => id).sort(), ['added', 'gateway']);
});

test('a store that lost its memory is given the pool back, drained servers as such', async (t) => {
  const store = new Store();
  const first = await start(store, [CONFIGURED], t);
  const second = await start(store, [], t);
  await store.memory.put(turnServer('added'), MANY);
  await store.memory.setDraining('gateway', 'move');
  await Promise.all([first.sync.refresh(), second.sync.refresh()]);
  store.memory = new MemoryTurn();
  for (const { sync } of [second, first, second]) await sync.refresh();
  for (const { sync } of [first, second]) {
    assert.deepEqual(sync.servers.map(({ id, draining }) => [id, draining]).sort(), [
      ['added', null],
      ['gateway', 'move'],
    ]);
  }
});

test('a restart of one process brings its newer secret, and an old process does not take it back', async (t) => {
  const store = new Store();
  const old = await start(store, [CONFIGURED], t);
  const auth = { kind: 'secret', secret: 'the new one', ttlSeconds: 600 } as const;
  const fresh = await start(store, [{ ...CONFIGURED, auth }], t);
  await old.sync.refresh();
  // A loss makes everybody say again what they have.
  store.memory = new MemoryTurn();
  await fresh.sync.refresh();
  await old.sync.refresh();
  await fresh.sync.refresh();
  for (const { sync } of [old, fresh]) assert.deepEqual(sync.servers[0]?.auth, auth);
});

test('what no process has configured any more leaves the pool after a while', async (t) => {
  let now = 0;
  mock.method(performance, 'now', () => now);
  t.after(() => mock.restoreAll());
  const store = new Store();
  const gone = await start(store, [turnServer('gone', { origin: 'environment' })], t);
  const stays = await start(store, [CONFIGURED], t);
  gone.sync.close();
  for (; now <= SEED_TTL_MS + 120_000; now += 60_000) await stays.sync.refresh();
  assert.deepEqual(stays.seen.at(-1), ['gateway']);
});
