// Web replicas are killed, drained and frozen under a call of real processes: media does not notice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCall } from '../support/cluster/cluster-call.ts';
import { type Replica, TestCluster } from '../support/cluster/local-cluster.ts';
import { until } from '../support/process/until.ts';

const NO_FREEZE_MS = 1_500;

/**
 * One that holds somebody, and the other. Which one that is, nobody promises: a balancer passes over a
 * replica that is slow to say that it is ready, and everybody may be with one.
 */
async function holderAndOther(cluster: TestCluster): Promise<[Replica, Replica]> {
  const [one, two] = cluster.webs;
  assert.ok(one && two);
  const { session = 0 } = await cluster.resources(one);
  return session > 0 ? [one, two] : [two, one];
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a web replica ended with ${signal}: its people are with the other one, and see no gap`, async (t) => {
    const cluster = await TestCluster.start(t, { web: 2, sfu: 1 });
    const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben', 'Cleo', 'Dan']);
    const [held, other] = await holderAndOther(cluster);
    await call.watch();
    held.child.signal(signal);
    await held.child.exited();
    await until('everybody to be with the other one', async () => {
      assert.equal((await cluster.resources(other)).session, 4);
    });
    await call.flows();
    await call.isAsBefore();
    await call.says('still here');
    call.gapIsBelow(NO_FREEZE_MS);
    await cluster.holdsNothingBut(4, 2);
  });
}

test('a web replica frozen until everybody has left it: woken, it speaks for nobody', async (t) => {
  const cluster = await TestCluster.start(t, { web: 2, sfu: 1 });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben']);
  const [held, other] = await holderAndOther(cluster);
  await call.watch();
  held.child.signal('SIGSTOP');
  await until(
    'everybody to be with the other one',
    async () => assert.equal((await cluster.resources(other)).session, 2),
    { withinMs: 30_000 },
  );
  held.child.signal('SIGCONT');
  await until('the woken one to hold nobody', async () => {
    assert.equal((await cluster.resources(held)).session, 0);
  });
  await call.says('only once');
  await call.flows();
  await call.isAsBefore();
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(2, 2);
});
