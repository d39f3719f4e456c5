// Processes of their own on one store: what they do at once, and what their end looks like.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { RedisServer } from '../../support/cluster/redis.ts';
import { freshPrefix, openRedis } from '../../support/cluster/redis-cluster.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { ManagedProcess } from '../../support/process/managed-process.ts';
import { until } from '../../support/process/until.ts';

const CHILD = path.resolve(import.meta.dirname, '../../support/cluster/redis-child.ts');

const server = await RedisServer.start();
after(() => server.stop());

async function child(context: TestContext, keyPrefix: string, role: 'join' | 'node') {
  const started = new ManagedProcess({
    name: role,
    command: process.execPath,
    args: [CHILD, server.url, keyPrefix, role],
  });
  context.after(async () => {
    started.signal('SIGCONT');
    await started.stop();
  });
  await started.line(/^ready$/, DEADLINES.serverReady);
  return started;
}

for (const round of [1, 2, 3]) {
  test(`200 joins from two processes into a room of 50 admit exactly 50 (${round})`, async (t) => {
    const keyPrefix = freshPrefix();
    const [one, two] = await Promise.all([
      child(t, keyPrefix, 'join'),
      child(t, keyPrefix, 'join'),
    ]);
    for (const joining of [one, two]) joining.signal('SIGUSR2');
    const done = /^admitted (\d+) refused (\d+)$/;
    const answers = [
      await one.line(done, DEADLINES.condition),
      await two.line(done, DEADLINES.condition),
    ];
    const sum = (group: 1 | 2) =>
      answers.reduce((total, answer) => total + Number(answer[group]), 0);
    assert.deepEqual([sum(1), sum(2)], [50, 150]);
    const cluster = await openRedis(server.url, { keyPrefix });
    t.after(() => cluster.close());
    const room = await cluster.rooms.snapshot('team');
    assert.deepEqual([room?.participants.length, room?.version], [50, 50]);
  });
}

test('a killed process is gone from the list at once, long before its lease ends', async (t) => {
  const keyPrefix = freshPrefix();
  const cluster = await openRedis(server.url, { keyPrefix });
  t.after(() => cluster.close());
  const node = await child(t, keyPrefix, 'node');
  assert.equal((await cluster.nodes.list()).length, 1);
  const pid = await cluster.bus.request('node-1', 'pid', {}, { timeoutMs: 5_000 });
  assert.equal(pid, node.pid);
  const killedAt = performance.now();
  node.signal('SIGKILL');
  await until('it to be gone', async () => assert.deepEqual(await cluster.nodes.list(), []), {
    everyMs: 5,
  });
  const took = performance.now() - killedAt;
  assert.ok(took < 1_900, `${took} ms`);
  t.diagnostic(`missed after ${took.toFixed(0)} ms`);
  await assert.rejects(cluster.bus.request('node-1', 'pid', {}, { timeoutMs: 5_000 }), {
    code: 'no_capacity',
  });
});

test('a process that stands still loses its lease, and learns it when it goes on', async (t) => {
  const keyPrefix = freshPrefix();
  const cluster = await openRedis(server.url, { keyPrefix });
  t.after(() => cluster.close());
  const node = await child(t, keyPrefix, 'node');
  node.signal('SIGSTOP');
  await until('its lease to end', async () => assert.deepEqual(await cluster.nodes.list(), []));
  node.signal('SIGCONT');
  await node.line(/^regained, held: true$/, DEADLINES.condition);
  await until('it to be listed', async () => assert.equal((await cluster.nodes.list()).length, 1));
  assert.equal(node.lines.filter((line) => line.startsWith('regained')).length, 1);
});
