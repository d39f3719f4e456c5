// Redis is paused, restarted empty, and cut off from one replica: calls go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCall } from '../support/cluster/cluster-call.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { Gate } from '../support/network/gate.ts';
import { until } from '../support/process/until.ts';
import { Person } from '../support/sdk/participant.ts';
import { ownedBy } from '../support/server/owned.ts';

const NO_FREEZE_MS = 1_500;
const PAUSE_MS = 20_000;

test('Redis restarted empty: nobody in the call notices, and it knows the room again', async (t) => {
  // A replica that stands still for longer than it should take to come back would be moved away from.
  const env = { NODE_LOST_MS: '5000' };
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2, env });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben', 'Cleo']);
  await call.says('before');
  await call.watch();
  const before = await call.transports();
  // Several times: replicas come back to it in any order.
  for (let restart = 1; restart <= 3; restart++) {
    const [redis] = cluster.cluster.of('redis');
    redis!.child.signal('SIGKILL');
    await redis!.child.exited();
    await cluster.cluster.startRedis();
    await call.says(`after restart ${restart}`);
    await call.flows();
    await call.isAsBefore();
  }
  assert.deepEqual(await call.transports(), before, 'media was not touched');
  const dan = await Person.join(t, cluster.url, 'team', 'Dan');
  await Promise.all(call.people.map((person) => Promise.all([person.sees(dan), dan.sees(person)])));
  assert.deepEqual(
    dan.call.room.chat.map(({ text }) => text),
    ['before', 'after restart 1', 'after restart 2', 'after restart 3'],
  );
  assert.equal(dan.call.room.participants.length, 4);
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(4, 2);
});

test('Redis paused for 20 s: calls go on, joins are refused with a word, then all is as before', async (t) => {
  // On both media replicas: what goes through pipes has to outlive the pause too.
  const env = { SPILL_SESSIONS_PER_WORKER: '1' };
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2, env });
  await cluster.reachEachOther();
  const names = ['Ada', 'Ben', 'Cleo'];
  const call = await ClusterCall.start(t, [cluster.url], names, 'team', (count) =>
    cluster.loadsAreKnown(count).then(() => cluster.reachEachOther()),
  );
  for (const sfu of cluster.sfus) assert.ok(((await cluster.resources(sfu)).peer ?? 0) > 0);
  await call.watch();
  const [redis] = cluster.cluster.of('redis');
  const pausedAt = performance.now();
  redis!.child.signal('SIGSTOP');
  try {
    await assert.rejects(Person.join(t, cluster.url, 'team', 'Dan'), { code: 'unavailable' });
    // What is said meanwhile is said when it can be.
    const said = call.people[0]!.call.sendChat('into the silence');
    await until('the pause to be over', () => assert.ok(performance.now() - pausedAt > PAUSE_MS), {
      withinMs: PAUSE_MS * 2,
    });
    await call.flows();
    redis!.child.signal('SIGCONT');
    await said;
  } finally {
    redis!.child.signal('SIGCONT');
  }
  await call.says('after');
  await call.flows();
  await call.isAsBefore();
  const dan = await Person.join(t, cluster.url, 'team', 'Dan');
  await dan.sees(call.people[0]!);
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(4, 2);
});

test('one sfu-rtc replica cut off from Redis: its people are moved, and it lets go when it is back', async (t) => {
  const cluster = await TestCluster.start(t, { web: 1, sfu: 0 });
  const gate = ownedBy(t).use(await Gate.open(Number(new URL(cluster.cluster.redisUrl).port)));
  const cut = await cluster.addSfu({ REDIS_URL: `redis://127.0.0.1:${gate.port}` });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben']);
  await call.watch();
  const before = await call.transports();
  const other = await cluster.addSfu();
  gate.cut();
  await until('everybody to be on the other replica', async () => {
    assert.equal((await cluster.resources(other)).peer, 2);
  });
  // Back again it closes what was moved away: nobody may need that any more.
  await call.isOnNewTransports(before);
  await call.flows();
  gate.mend();
  await until(
    'the one that was cut off to have let go',
    async () => assert.equal((await cluster.resources(cut)).peer, 0),
    { withinMs: 30_000 },
  );
  await call.isAsBefore();
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(2, 2);
});

test('one web replica cut off from Redis: the call goes on, and what was said meanwhile arrives', async (t) => {
  const cluster = await TestCluster.start(t, { web: 1, sfu: 1 });
  const gate = ownedBy(t).use(await Gate.open(Number(new URL(cluster.cluster.redisUrl).port)));
  const cut = await cluster.addWeb({ REDIS_URL: `redis://127.0.0.1:${gate.port}` });
  const [whole] = cluster.webs;
  const urls = [cluster.urlOf(cut), cluster.urlOf(whole!)];
  const call = await ClusterCall.start(t, urls, ['Ada', 'Ben']);
  const [ada, ben] = call.people;
  await call.watch();
  gate.cut();
  await ben!.call.sendChat('do you hear me?');
  await call.flows();
  const said = ada!.call.sendChat('not yet');
  gate.mend();
  await said;
  await until('both to have read both', () => {
    for (const { call } of [ada!, ben!]) {
      const texts = call.room.chat.map(({ text }) => text);
      assert.deepEqual(texts, ['do you hear me?', 'not yet']);
    }
  });
  await call.flows();
  await call.isAsBefore();
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(2, 2);
});
