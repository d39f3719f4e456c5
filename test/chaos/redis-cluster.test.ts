// The whole of it on a Redis Cluster of three servers, each with a third of the rooms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCall } from '../support/cluster/cluster-call.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { RedisServers } from '../support/cluster/redis.ts';
import { ownedBy } from '../support/server/owned.ts';

test('calls, drains and all on a Redis Cluster', async (t) => {
  const servers = ownedBy(t).use(await RedisServers.start());
  const env = { REDIS_URL: servers.url };
  const cluster = await TestCluster.start(t, { web: 0, sfu: 0 });
  await Promise.all([
    cluster.addWeb(env),
    cluster.addWeb(env),
    cluster.addSfu(env),
    cluster.addSfu(env),
  ]);
  // Rooms whose keys are on different servers.
  const calls = [
    await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben'], 'red'),
    await ClusterCall.start(t, [cluster.url], ['Cleo', 'Dan'], 'green'),
  ];
  for (const call of calls) await call.watch();
  const [first] = cluster.sfus;
  assert.ok(first);
  first.child.signal('SIGTERM');
  await first.child.exited();
  for (const call of calls) {
    await call.flows();
    await call.says('here too');
    await call.isAsBefore();
    call.gapIsBelow(1_500);
  }
  await cluster.holdsNothingBut(2, 2, calls.length);
});
