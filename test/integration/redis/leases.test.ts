// Leases of nodes and sessions by the clock of Redis, and what is left when everybody is gone.
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import type { RedisClusterOptions } from '../../../server/cluster/redis/process-cluster.ts';
import { chat, enter, LIMITS, publish } from '../../contract/suites/room-fixtures.ts';
import { nodeInfo } from '../../support/cluster/node-info.ts';
import { RedisServer } from '../../support/cluster/redis.ts';
import { freshPrefix, openRedis } from '../../support/cluster/redis-cluster.ts';
import { until } from '../../support/process/until.ts';

const server = await RedisServer.start({ keepData: true });
after(() => server.stop());

const NODE = nodeInfo('node-1');

async function open(context: TestContext, options: Partial<RedisClusterOptions> = {}) {
  const cluster = await openRedis(server.url, options);
  context.after(() => cluster.close());
  return cluster;
}

test('a node that cannot reach the store lapses by its own clock, and is told once', async (t) => {
  const keyPrefix = freshPrefix();
  const options = { keyPrefix, nodeLeaseMs: 1_500, timeoutMs: 1_000 };
  const cluster = await open(t, options);
  await cluster.bus.serve(NODE.id, async () => 'here');
  const regained: boolean[] = [];
  const announcement = await cluster.nodes.announce(NODE, () => regained.push(announcement.held));
  assert.equal(announcement.held, true);
  for (const round of [1, 2]) {
    await server.kill();
    await until('the lease to lapse', () => assert.equal(announcement.held, false));
    await announcement.update({ ...NODE, sessions: round });
    await server.restart();
    await until('it to hold again', () => assert.equal(announcement.held, true));
    await until('that to be told', () => assert.equal(regained.length, round));
  }
  assert.deepEqual(regained, [true, true], 'held before it is told');
  await until('the node to be listed', async () =>
    assert.deepEqual(await cluster.nodes.list(), [{ ...NODE, sessions: 2 }]),
  );
  assert.equal(regained.length, 2);
});

test('a registration that is gone from the store comes back, and is told', async (t) => {
  const keyPrefix = freshPrefix();
  const cluster = await open(t, { keyPrefix });
  await cluster.bus.serve(NODE.id, async () => 'here');
  let regained = 0;
  await cluster.nodes.announce(NODE, () => {
    regained += 1;
  });
  const keys = ['leases', 'infos', 'terms'].map((key) => `${keyPrefix}:{nodes}:${key}`);
  await server.cli('DEL', ...keys);
  await until('it to be told', () => assert.equal(regained, 1));
  assert.equal((await cluster.nodes.list()).length, 1);
  await announcementsOf(keyPrefix, 1);
  assert.equal(regained, 1);
});

async function announcementsOf(keyPrefix: string, count: number): Promise<void> {
  assert.equal(await server.cli('ZCARD', `${keyPrefix}:{nodes}:leases`), String(count));
}

test('a node whose lease ended is not listed, and is removed by whoever lists', async (t) => {
  const keyPrefix = freshPrefix();
  const a = await open(t, { keyPrefix, nodeLeaseMs: 1_500 });
  const b = await open(t, { keyPrefix });
  // Somebody else still serves its commands: the lease alone decides.
  await b.bus.serve(NODE.id, async () => 'here');
  await a.nodes.announce(NODE, () => {});
  assert.equal((await b.nodes.list()).length, 1);
  await a.close();
  await until('it to be gone', async () => assert.deepEqual(await b.nodes.list(), []));
  await announcementsOf(keyPrefix, 0);
});

test('nothing is left when everybody has left', async (t) => {
  const keyPrefix = freshPrefix();
  const cluster = await open(t, { keyPrefix, sessionLeaseMs: 1_500 });
  for (const room of ['one', 'two']) {
    const guards = [await enter(cluster.rooms, room, 'host'), await enter(cluster.rooms, room)];
    const [host, guest] = guards as [(typeof guards)[0], (typeof guards)[0]];
    await cluster.rooms.commit(room, guest, [publish(guest), chat(guest)], LIMITS);
    await cluster.rooms.place(room, guest.participantId, 'node-1', 0);
    const leave = { op: 'leave', participantId: guest.participantId } as const;
    await cluster.rooms.commit(room, host, [leave, chat(host)], LIMITS);
    await cluster.rooms.release(room, host);
  }
  const keys = async () => await server.cli('KEYS', `${keyPrefix}*`);
  // The notes of where to look go with the next sweep after the leases they were made for.
  await until('only notes to be left', async () =>
    assert.ok((await keys()).split('\n').every((key) => key.startsWith(`${keyPrefix}:sweep:`))),
  );
  await until('those to be gone too', async () => {
    await cluster.rooms.sweep();
    assert.equal(await keys(), '');
  });
});

test('a room that nobody noted and nobody renews ends with its keys', async (t) => {
  const keyPrefix = freshPrefix();
  const cluster = await open(t, { keyPrefix, sessionLeaseMs: 150 });
  await enter(cluster.rooms, 'team');
  const ttl = Number(await server.cli('PTTL', `${keyPrefix}:{team}:state`));
  assert.ok(ttl > 150 && ttl <= 8 * 150, `${ttl}`);
  await until('every key to be gone', async () =>
    assert.equal(await server.cli('KEYS', `${keyPrefix}*`), ''),
  );
});

test('after an outage nobody is released before everybody had the chance to renew', async (t) => {
  const keyPrefix = freshPrefix();
  const options = { keyPrefix, sessionLeaseMs: 1_000, sweepQuietMs: 3_000 };
  const cluster = await open(t, options);
  const guard = await enter(cluster.rooms, 'team');
  const other = await enter(cluster.rooms, 'team');
  const { promise: back, resolve } = Promise.withResolvers<number>();
  cluster.onReconnected(() => resolve(performance.now()));
  await server.kill();
  await until('the loss to show', () => assert.equal(cluster.connected, false));
  await server.restart();
  const backAt = await back;
  await until('the other one to be released', async () => {
    await cluster.rooms.renew('team', [guard]);
    await cluster.rooms.sweep();
    const room = await cluster.rooms.snapshot('team');
    assert.ok(!room?.participants.some(({ id }) => id === other.participantId));
  });
  assert.ok(performance.now() - backAt >= 3_000);
  assert.deepEqual([...(await cluster.rooms.renew('team', [guard])).values()], ['held']);
});
