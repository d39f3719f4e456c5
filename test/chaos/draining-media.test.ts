// Media replicas are drained and scaled in the middle of a call: nobody loses a frame or a word.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCall } from '../support/cluster/cluster-call.ts';
import { type Replica, TestCluster } from '../support/cluster/local-cluster.ts';
import { until } from '../support/process/until.ts';

const NO_FREEZE_MS = 1_500;
/** A machine that encodes everything twice for a while may need longer than people would. */
const PATIENT = { DRAIN_GRACE_SECONDS: '60' };
const AUTH_TOKEN = 'a-token-for-this-test-alone';

test('an sfu-rtc replica drained with SIGTERM: everybody moves first, then it ends', async (t) => {
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2, env: PATIENT });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben', 'Cleo']);
  const [ada, ben] = call.people;
  ada!.call.setMuted('microphone', true);
  await ben!.share('screen');
  await until('the screen to be seen', () => assert.equal(ada!.tracksOf(ben!).length, 3));
  await call.says('before');
  await call.watch();
  const holder = await cluster.holder();
  holder.child.signal('SIGTERM');
  await holder.child.exited();
  await ada!.sees(ben!);
  await ben!.sees(ada!);
  await call.says('after');
  await call.isAsBefore();
  assert.ok(ben!.tracksOf(ada!).find(({ source }) => source === 'microphone')?.muted);
  assert.deepEqual(
    ada!.call.room.chat.map(({ text }) => text),
    ['before', 'after'],
  );
  call.gapIsBelow(NO_FREEZE_MS);
});

test('POST /api/nodes/:id/drain does the same, for operators alone', async (t) => {
  const cluster = await TestCluster.start(t, { web: 1, sfu: 2, env: { AUTH_TOKEN } });
  const token = await roomToken(cluster.url, 'team');
  const { Person } = await import('../support/sdk/participant.ts');
  const ada = await Person.join(t, cluster.url, 'team', 'Ada', { token });
  const ben = await Person.join(t, cluster.url, 'team', 'Ben', { token });
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  const holder = await cluster.holder();
  const drain = (id: string, authorization?: string) =>
    fetch(new URL(`/api/nodes/${id}/drain`, cluster.url), {
      method: 'POST',
      headers: authorization === undefined ? {} : { authorization },
    }).then(({ status }) => status);
  assert.equal(await drain(holder.nodeId!), 401);
  assert.equal(await drain(holder.nodeId!, 'Bearer wrong'), 401);
  assert.equal(await drain('nobody', `Bearer ${AUTH_TOKEN}`), 404);
  assert.equal(await drain(holder.nodeId!, `Bearer ${AUTH_TOKEN}`), 202);
  await until('everybody to have moved', async () => {
    assert.equal((await cluster.resources(holder)).peer, 0);
  });
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  const listed = await fetch(new URL('/api/nodes', cluster.url), {
    headers: { authorization: `Bearer ${AUTH_TOKEN}` },
  });
  const { nodes } = (await listed.json()) as { nodes: { id: string; draining: boolean }[] };
  assert.ok(nodes.find(({ id }) => id === holder.nodeId)?.draining);
});

test('scaling sfu-rtc 1 → 3 → 1 under six people loses nobody and no message', async (t) => {
  const cluster = await TestCluster.start(t, {
    web: 2,
    sfu: 1,
    env: { SPILL_SESSIONS_PER_WORKER: '3', ...PATIENT },
  });
  const names = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Fay'];
  const call = await ClusterCall.start(t, [cluster.url], names);
  await call.watch();
  await call.says('on one replica');
  const [first] = cluster.sfus;
  const second = await cluster.addSfu();
  const third = await cluster.addSfu();
  await call.says('there are three');
  const leaves = async (replica: Replica, text: string) => {
    const exited = replica.child.exited();
    replica.child.signal('SIGTERM');
    await call.says(text);
    await exited;
    await call.flows();
  };
  await leaves(first!, 'the first one goes');
  await leaves(second, 'the second one goes');
  await call.isAsBefore();
  assert.deepEqual(
    call.people.map(({ call: { room } }) => room.chat.map(({ text }) => text)),
    names.map(() => [
      'on one replica',
      'there are three',
      'the first one goes',
      'the second one goes',
    ]),
  );
  call.gapIsBelow(NO_FREEZE_MS);
  await until('all to be on the third', async () => {
    assert.equal((await cluster.resources(third)).peer, 6);
  });
  await cluster.holdsNothingBut(6, 2);
});

async function roomToken(url: string, room: string): Promise<string> {
  const response = await fetch(new URL(`/api/rooms/${room}/tokens`, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${AUTH_TOKEN}` },
  });
  return ((await response.json()) as { token: string }).token;
}
