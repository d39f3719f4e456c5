// The TURN pool: servers, what media nodes say of them, and the recent past.
import assert from 'node:assert/strict';
import { SAMPLES_KEPT, type TurnReport, type TurnServer } from '../../../server/cluster/turn.ts';
import type { TurnSample } from '../../../shared/api/admin.ts';
import { until } from '../../support/process/until.ts';
import { turnServer } from '../../support/turn/turn-server.ts';
import { type ClusterTest, refusal } from './cluster-test.ts';

const MANY = 100;
const REPLACE = { replace: true };
const KEEP = { replace: false };
/** Longer than anything a test waits for. */
const LONG_MS = 60_000;

const report = (nodeId: string, relayed = 0): TurnReport => ({
  nodeId,
  region: null,
  urls: [
    { serverId: 'one', url: 'turn:one:3478', state: 'ok', message: null, roundTripMs: 1.5 },
    { serverId: 'one', url: 'turn:one:3479', state: 'failed', message: 'why', roundTripMs: null },
  ],
  servers: {
    one: { sessions: 3, relayed, ended: 1, refusals: 0, allocations: null, bitrate: 12.5 },
  },
  paths: { direct: 2, relay: relayed, none: 0, unknown: 1 },
});

const sample = (at: number): TurnSample => ({
  at,
  paths: { direct: 1, relay: 0, none: 0, unknown: 0 },
  servers: { one: { sessions: 1, relayed: 0, allocations: 4, explained: 4, bitrate: null } },
});

export function turnContract(promises: ClusterTest): void {
  promises('the pool is read whole, and again only when it has changed', async ({ a, b }) => {
    const empty = await b.turn.read(undefined);
    assert.deepEqual(empty?.servers ?? [], []);
    const one = turnServer('one', { region: 'eu', weight: 2.5, capacity: 100 });
    await a.turn.put(one, MANY);
    const first = await b.turn.read(empty);
    assert.deepEqual(first?.servers, [one]);
    assert.equal(await b.turn.read(first), undefined);
    await b.turn.put({ ...one, weight: 3 }, MANY);
    const second = await a.turn.read(first);
    assert.deepEqual(second?.servers, [{ ...one, weight: 3 }]);
    assert.ok((second?.version ?? 0) > (first?.version ?? 0));
  });

  promises('a full pool takes no more servers, but changes those it has', async ({ a, b }) => {
    await a.turn.put(turnServer('one'), 2);
    await b.turn.put(turnServer('two'), 2);
    assert.equal(await refusal(a.turn.put(turnServer('three'), 2)), 'no_capacity');
    await b.turn.put(turnServer('two', { weight: 9 }), 2);
    const ids = (await a.turn.read(undefined))?.servers.map(({ id }) => id).sort();
    assert.deepEqual(ids, ['one', 'two']);
  });

  promises('of many who add the last server at once, one does', async ({ a, b }) => {
    const attempts = Array.from({ length: 10 }, (_, n) =>
      (n % 2 ? a : b).turn.put(turnServer(`server-${n}`), 1).then(
        () => 1,
        () => 0,
      ),
    );
    const added = await Promise.all(attempts);
    assert.equal(
      added.reduce<number>((sum, one) => sum + one, 0),
      1,
    );
  });

  promises('a server is drained, taken back, and removed', async ({ a, b }) => {
    await a.turn.put(turnServer('one'), MANY);
    const state = async () => (await b.turn.read(undefined))?.servers.map((s) => s.draining);
    assert.equal(await b.turn.setDraining('one', 'wait'), true);
    assert.deepEqual(await state(), ['wait']);
    assert.equal(await a.turn.setDraining('one', 'move'), true);
    assert.deepEqual(await state(), ['move']);
    assert.equal(await a.turn.setDraining('one', null), true);
    assert.deepEqual(await state(), [null]);
    assert.equal(await a.turn.setDraining('two', 'wait'), false);
    assert.equal(await a.turn.remove('one'), true);
    assert.equal(await b.turn.remove('one'), false);
    assert.deepEqual(await state(), []);
  });

  promises('a server that is put again with another secret stays drained', async ({ a, b }) => {
    await a.turn.put(turnServer('one'), MANY);
    await a.turn.setDraining('one', 'move');
    await b.turn.put(turnServer('one', { weight: 7 }), MANY);
    const [one] = (await a.turn.read(undefined))?.servers ?? [];
    assert.deepEqual([one?.weight, one?.draining], [7, 'move']);
  });

  promises('what a process has configured is there, and stays drained', async ({ a, b }) => {
    const gateway = turnServer('gateway', { origin: 'environment' });
    await a.turn.seed([gateway], REPLACE);
    await b.turn.setDraining('gateway', 'wait');
    // A new release, with another secret.
    const rotated = { ...gateway, auth: { ...gateway.auth, secret: 'the new one' } } as const;
    await b.turn.seed([rotated], REPLACE);
    assert.deepEqual((await a.turn.read(undefined))?.servers, [{ ...rotated, draining: 'wait' }]);
    // A process of the old release that still runs says what it always did.
    const before = await a.turn.read(undefined);
    await a.turn.seed([gateway], KEEP);
    assert.equal(await a.turn.read(before), undefined);
  });

  promises('what an operator put is not changed by a configuration', async ({ a, b }) => {
    const operators = turnServer('one', { weight: 5 });
    await a.turn.put(operators, MANY);
    await b.turn.seed([turnServer('one', { origin: 'environment' })], REPLACE);
    assert.deepEqual((await a.turn.read(undefined))?.servers, [operators]);
  });

  promises('what is known is put back only into a store that lost it', async ({ a, b }) => {
    await a.turn.put(turnServer('one'), MANY);
    await a.turn.put(turnServer('two'), MANY);
    await a.turn.setDraining('two', 'wait');
    const known = await a.turn.read(undefined);
    assert.ok(known);
    await b.turn.remove('one');
    await a.turn.restore(known);
    assert.deepEqual(
      (await b.turn.read(undefined))?.servers.map(({ id }) => id),
      ['two'],
    );
    await a.turn.restore({ ...known, birth: 'of another store' });
    const restored = (await b.turn.read(undefined))?.servers ?? [];
    assert.deepEqual(restored.map(({ id, draining }) => [id, draining]).sort(), [
      ['one', null],
      ['two', 'wait'],
    ]);
  });

  promises(
    'what an operator did survives a process that seeds an empty store first',
    async ({ a, b }) => {
      const lost = (servers: TurnServer[]) => ({ version: 7, birth: 'of the lost store', servers });
      const configured = turnServer('one', { origin: 'environment' });
      await a.turn.seed([configured, turnServer('two', { origin: 'environment' })], REPLACE);
      await b.turn.restore(
        lost([{ ...configured, draining: 'move' }, turnServer('two', { weight: 7 })]),
      );
      const servers = (await a.turn.read(undefined))?.servers ?? [];
      assert.deepEqual(
        servers.map(({ id, origin, weight, draining }) => [id, origin, weight, draining]).sort(),
        [
          ['one', 'environment', 1, 'move'],
          ['two', 'operator', 7, null],
        ],
      );
    },
  );

  promises(
    'a server that was removed after a loss is not brought back by who was away',
    async ({ a, b }) => {
      const known = { version: 7, birth: 'of the lost store', servers: [turnServer('one')] };
      await a.turn.restore(known);
      assert.equal(await a.turn.remove('one'), true);
      await b.turn.restore(known);
      assert.deepEqual((await b.turn.read(undefined))?.servers, []);
    },
  );

  promises('a pool may be as large as it is allowed to be', async ({ a, b }) => {
    const many = Array.from({ length: 5_000 }, (_, n) =>
      turnServer(`server-${n}`, { origin: 'environment' }),
    );
    await a.turn.seed(many, REPLACE);
    const read = await b.turn.read(undefined);
    assert.equal(read?.servers.length, many.length);
    await b.turn.restore({ version: 1, birth: 'another', servers: many });
    assert.equal((await a.turn.read(undefined))?.servers.length, many.length);
  });

  promises('each node’s newest report is kept until its time is over', async ({ a, b }) => {
    await a.turn.report(report('node-1'), LONG_MS);
    await b.turn.report(report('node-2'), LONG_MS);
    await a.turn.report(report('node-1', 2), LONG_MS);
    const byNode = (one: TurnReport, other: TurnReport) => one.nodeId.localeCompare(other.nodeId);
    assert.deepEqual((await b.turn.reports()).sort(byNode), [
      report('node-1', 2),
      report('node-2'),
    ]);
    await a.turn.report(report('node-1'), 1);
    await until('the report to be forgotten', async () => {
      assert.deepEqual(await b.turn.reports(), [report('node-2')]);
    });
  });

  promises('of those who keep a sample at the same time, one does', async ({ a, b }) => {
    await Promise.all([1, 2, 3].map((at) => (at % 2 ? a : b).turn.sample(sample(at), LONG_MS)));
    assert.equal((await a.turn.samples()).length, 1);
    await b.turn.sample(sample(4), LONG_MS);
    assert.equal((await b.turn.samples()).length, 1);
  });

  promises('the newest samples are kept, in order', async ({ a, b }) => {
    for (let at = 1; at <= SAMPLES_KEPT + 3; at++)
      await (at % 2 ? a : b).turn.sample(sample(at), 0);
    const kept = await b.turn.samples();
    assert.deepEqual(
      [kept.length, kept.at(0)?.at, kept.at(-1)?.at],
      [SAMPLES_KEPT, 4, SAMPLES_KEPT + 3],
    );
  });
}
