// The store goes away and comes back: what was asked meanwhile, and what is heard afterwards.
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import type { RedisClusterOptions } from '../../../server/cluster/redis/process-cluster.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import { admission, chat, enter, LIMITS } from '../../contract/suites/room-fixtures.ts';
import { nodeInfo } from '../../support/cluster/node-info.ts';
import { RedisServer, RedisServers } from '../../support/cluster/redis.ts';
import { freshPrefix, openRedis } from '../../support/cluster/redis-cluster.ts';
import { until } from '../../support/process/until.ts';

const server = await RedisServer.start({ keepData: true });
after(() => server.stop());

/** Enough for patches of a whole test. */
const KEPT = { patchHistory: 100 };

async function open(context: TestContext, options: Partial<RedisClusterOptions> = {}) {
  const cluster = await openRedis(server.url, { ...KEPT, ...options });
  context.after(() => cluster.close());
  return cluster;
}

async function pair(context: TestContext, options: Partial<RedisClusterOptions> = {}) {
  const keyPrefix = freshPrefix();
  return [
    await open(context, { ...options, keyPrefix }),
    await open(context, { ...options, keyPrefix }),
  ] as const;
}

async function connected(...clusters: Cluster[]): Promise<void> {
  await until('the connections', () => assert.ok(clusters.every((cluster) => cluster.connected)));
}

async function disconnected(...clusters: Cluster[]): Promise<void> {
  await until('the loss to show', () => assert.ok(!clusters.some((cluster) => cluster.connected)));
}

function versions(patches: readonly RoomPatch[]): number[] {
  return patches.map(({ version }) => version);
}

test('a store that stands still: all fails in time, and what was never sent never happens', async (t) => {
  const timeoutMs = 600;
  const [a, b] = await pair(t, { timeoutMs });
  let returns = 0;
  a.onReconnected(() => {
    returns += 1;
  });
  const guard = await enter(a.rooms, 'team');
  const heard: RoomPatch[] = [];
  await b.rooms.subscribe('team', (patch) => heard.push(patch));
  server.pause();
  t.after(() => server.resume());
  const unavailable = { code: 'unavailable' };

  // Still taken for alive: what is asked now was sent, and nobody knows what becomes of it.
  await assert.rejects(a.rooms.snapshot('team'), unavailable);
  await disconnected(a, b);
  const startedAt = performance.now();
  const operations = [
    a.rooms.commit('team', guard, [chat(guard, 'given up')], LIMITS),
    a.rooms.admit('team', admission('participant-too-late')),
    a.rooms.release('team', guard),
    b.rooms.renew('team', [guard]),
    b.rooms.subscribe('another', () => {}),
    b.nodes.list(),
    b.bus.publish('news', {}),
    b.bus.request('node-1', 'x', {}, { timeoutMs: 60_000 }),
  ];
  await Promise.all(operations.map((operation) => assert.rejects(operation, unavailable)));
  assert.equal(await b.rooms.sweep(), 0);
  const took = performance.now() - startedAt;
  assert.ok(took < timeoutMs + 10_000, `${took} ms`);

  server.resume();
  await connected(a, b);
  assert.equal(returns, 1);
  await a.rooms.commit('team', guard, [chat(guard, 'afterwards')], LIMITS);
  await until('the patch', () => assert.deepEqual(versions(heard), [2]));
  const room = await b.rooms.snapshot('team');
  assert.deepEqual([room?.participants.length, room?.chat.length], [1, 1]);
});

test('what is asked while the store restarts waits for it, and is done once', async (t) => {
  const [a, b] = await pair(t);
  const guard = await enter(a.rooms, 'team');
  const heard: RoomPatch[] = [];
  await b.rooms.subscribe('team', (patch) => heard.push(patch));
  await server.kill();
  await disconnected(a, b);
  const asked = Promise.all([
    a.rooms.commit('team', guard, [chat(guard, 'one')], LIMITS),
    b.rooms.commit('team', guard, [chat(guard, 'two')], LIMITS),
    a.rooms.snapshot('team'),
    b.rooms.subscribe('another', () => {}),
  ]);
  await server.restart();
  await asked;
  await connected(a, b);
  await until('both patches', () => assert.deepEqual(versions(heard), [2, 3]));
  assert.equal((await a.rooms.snapshot('team'))?.chat.length, 2);
});

test('a store that comes back empty: everybody is told, and rooms can be restored', async (t) => {
  const [a, b] = await pair(t);
  const guard = await enter(a.rooms, 'team');
  const known = await a.rooms.snapshot('team');
  assert.ok(known);
  const heard: RoomPatch[] = [];
  await b.rooms.subscribe('team', (patch) => heard.push(patch));
  const back = [a, b].map((cluster) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    cluster.onReconnected(resolve);
    return promise;
  });
  await server.restartEmpty();
  await Promise.all(back);
  assert.equal(await a.rooms.snapshot('team'), undefined);
  assert.deepEqual([...(await a.rooms.renew('team', [guard])).values()], ['gone']);
  const session = { guard, resumeHash: 'a hash', nodeId: undefined };
  assert.deepEqual([...(await a.rooms.restore(known, [session])).values()], ['held']);
  await until('the gap to show', () => assert.deepEqual(versions(heard), [1_001]));
  assert.deepEqual(await b.rooms.snapshot('team'), { ...known, version: 1_001 });
});

for (const type of ['pubsub', 'normal']) {
  test(`connections of type ${type} are cut: nothing is missed or told twice`, async (t) => {
    const [a, b] = await pair(t);
    const guard = await enter(a.rooms, 'team');
    const heard: RoomPatch[] = [];
    await b.rooms.subscribe('team', (patch) => heard.push(patch));
    let returns = 0;
    b.onReconnected(() => {
      returns += 1;
    });
    for (let cut = 0; cut < 3; cut++) {
      const before = returns;
      await server.cli('CLIENT', 'KILL', 'TYPE', type);
      for (let n = 0; n < 10; n++) {
        // One that was under way when its connection was cut may be refused; it counts if it was done.
        await a.rooms.commit('team', guard, [chat(guard)], LIMITS).catch((error) => {
          assert.equal(error.code, 'unavailable');
        });
      }
      await until('the connections to be back', () => assert.ok(returns > before));
    }
    await connected(a, b);
    const told = (await a.rooms.snapshot('team'))?.version ?? 0;
    await until('all patches', () => assert.equal(heard.at(-1)?.version, told));
    assert.deepEqual(
      versions(heard),
      Array.from({ length: told - 1 }, (_, n) => n + 2),
    );
  });
}

test('patches that are no longer kept: one empty patch shows the gap', async (t) => {
  const keyPrefix = freshPrefix();
  const a = await open(t, { keyPrefix, patchHistory: 3 });
  const b = await open(t, { keyPrefix, patchHistory: 3 });
  const guard = await enter(a.rooms, 'team');
  const heard: RoomPatch[] = [];
  await b.rooms.subscribe('team', (patch) => heard.push(patch));
  const before = await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub');
  assert.ok(before.length > 0);
  // All in one go, so that they are told while nobody listens.
  const commits = Array.from({ length: 20 }, () =>
    a.rooms.commit('team', guard, [chat(guard)], LIMITS),
  );
  await Promise.all([server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub'), ...commits]);
  await until('the newest version', () => assert.equal(heard.at(-1)?.version, 21));
  let last = 1;
  for (const { version, ops } of heard) {
    assert.ok(version > last);
    if (version > last + 1) assert.deepEqual(ops, [], 'a gap is no patch');
    last = version;
  }
});

test('a cluster is closed during an outage, at once and without rest', async (t) => {
  const own = await RedisServer.start();
  t.after(() => own.stop());
  const cluster = await openRedis(own.url, { timeoutMs: 60_000 });
  await cluster.rooms.subscribe('team', () => {});
  const announcement = await cluster.nodes.announce(NODE, () => {});
  await own.kill();
  await disconnected(cluster);
  const waiting = assert.rejects(cluster.rooms.snapshot('team'), { code: 'unavailable' });
  const startedAt = performance.now();
  await cluster.close();
  await waiting;
  await announcement.close();
  await assert.rejects(cluster.rooms.snapshot('team'), { code: 'unavailable' });
  assert.ok(performance.now() - startedAt < 10_000, 'far less than what an operation may take');
  assert.equal(cluster.connected, false);
});

test('a server of a Redis Cluster is lost and comes back: its rooms wait, the others go on', async (t) => {
  const servers = await RedisServers.start({
    keepData: true,
    args: ['--cluster-require-full-coverage', 'no'],
  });
  t.after(() => servers.stop());
  const cluster = await openRedis(servers.url, { ...KEPT, timeoutMs: 10_000 });
  t.after(() => cluster.close());
  const rooms = Array.from({ length: 12 }, (_, n) => `room-${n}`);
  const guards = await Promise.all(rooms.map((room) => enter(cluster.rooms, room)));
  const heard = new Map<string, number[]>(rooms.map((room) => [room, []]));
  for (const room of rooms) {
    await cluster.rooms.subscribe(room, ({ version }) => heard.get(room)?.push(version));
  }
  const [, , lost] = servers.nodes;
  await lost?.kill();
  await disconnected(cluster);
  const commits = rooms.map((room, n) => {
    const guard = guards[n]!;
    return cluster.rooms.commit(room, guard, [chat(guard)], LIMITS);
  });
  await Promise.race(commits);
  await lost?.restart();
  await Promise.all(commits);
  await connected(cluster);
  for (const room of rooms) {
    await until(`the patch of ${room}`, () => assert.deepEqual(heard.get(room), [2]));
  }
});

const NODE = nodeInfo('node-1');
