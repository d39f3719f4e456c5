// Web replicas are killed, drained and frozen under a call of real processes: media does not notice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCall } from '../support/cluster-call.ts';
import { TestCluster } from '../support/local-cluster.ts';
import { until } from '../support/until.ts';

const NO_FREEZE_MS = 1_500;

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a web replica ended with ${signal}: its people are with the other one, and see no gap`, async (t) => {
    const cluster = await TestCluster.start(t, { web: 2, sfu: 1 });
    const [first, second] = cluster.webs;
    const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben', 'Cleo', 'Dan']);
    await until('both replicas to hold somebody', async () => {
      for (const web of cluster.webs) assert.ok(((await cluster.resources(web)).session ?? 0) > 0);
    });
    await call.watch();
    first!.child.signal(signal);
    await first!.child.exited();
    await until('everybody to be with the other one', async () => {
      assert.equal((await cluster.resources(second!)).session, 4);
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
  const [first, second] = cluster.webs;
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben']);
  await until('the first to hold somebody', async () => {
    assert.ok(((await cluster.resources(first!)).session ?? 0) > 0);
  });
  await call.watch();
  first!.child.signal('SIGSTOP');
  await until(
    'everybody to be with the other one',
    async () => assert.equal((await cluster.resources(second!)).session, 2),
    { withinMs: 30_000 },
  );
  first!.child.signal('SIGCONT');
  await until('the woken one to hold nobody', async () => {
    assert.equal((await cluster.resources(first!)).session, 0);
  });
  await call.says('only once');
  await call.flows();
  await call.isAsBefore();
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(2, 2);
});
