// Media replicas and their workers are killed, frozen and cut off under a call of real processes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCall } from '../support/cluster/cluster-call.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { workerOnPort } from '../support/cluster/worker-on-port.ts';
import { until } from '../support/process/until.ts';

/** Longer than any of these takes on a busy machine; bench/ says how long it takes. */
const A_FREEZE_MS = 10_000;
/** Make before break: what a starved machine may add to a gap that is not there. */
const NO_FREEZE_MS = 1_500;

test('a media worker killed with SIGKILL: its room is back on another one by itself', async (t) => {
  const cluster = await TestCluster.start(t, { web: 1, sfu: 1, env: { WORKERS: '2' } });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben', 'Cleo']);
  await call.watch();
  const port = await call.people[0]!.mediaPort();
  const before = await call.transports();
  const [sfu] = cluster.sfus;
  const workers = await cluster.workersOf(sfu!);
  assert.equal(workers.length, 2);
  process.kill(await workerOnPort(workers, port), 'SIGKILL');
  // On the other worker, or on the one that took the place of the dead one, and its port.
  await call.isOnNewTransports(before);
  await call.flows();
  await call.isAsBefore();
  call.gapIsBelow(A_FREEZE_MS);
  await cluster.holdsNothingBut(3, 2);
});

test('an sfu-rtc replica killed with SIGKILL: its rooms are back on another one by themselves', async (t) => {
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2 });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben', 'Cleo']);
  await call.watch();
  const holder = await cluster.holder();
  holder.child.signal('SIGKILL');
  await until('media on the other replica', async () => {
    assert.notEqual((await cluster.holder()).nodeId, holder.nodeId);
  });
  await call.flows();
  await call.isAsBefore();
  await call.says('we are back');
  call.gapIsBelow(A_FREEZE_MS);
  await cluster.holdsNothingBut(3, 2);
});

test('an sfu-rtc replica frozen past its lease: when it wakes it has lost its rooms, and knows', async (t) => {
  const cluster = await TestCluster.start(t, { web: 2, sfu: 2 });
  const call = await ClusterCall.start(t, [cluster.url], ['Ada', 'Ben']);
  await call.watch();
  const before = await call.transports();
  const holder = await cluster.holder();
  // Its workers go on: only the process that commands them stands still.
  holder.child.signal('SIGSTOP');
  const other = cluster.sfus.find(({ nodeId }) => nodeId !== holder.nodeId);
  await until('everybody to be on the other replica', async () => {
    assert.equal((await cluster.resources(other!)).peer, 2);
  });
  // Woken, it closes what was moved away: nobody may need that any more.
  await call.isOnNewTransports(before);
  await call.flows();
  holder.child.signal('SIGCONT');
  await until('the woken replica to have let go', async () => {
    const { peer, router, transport } = await cluster.resources(holder);
    assert.deepEqual([peer, router, transport], [0, 0, 0]);
  });
  await call.flows();
  await call.isAsBefore();
  call.gapIsBelow(NO_FREEZE_MS);
  await cluster.holdsNothingBut(2, 2);
});
