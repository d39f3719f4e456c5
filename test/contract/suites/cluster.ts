// What every cluster promises, whatever it is made of.
import { test } from 'node:test';
import { busContract } from './bus.ts';
import type { ClusterPair, ClusterSettings, ClusterTest } from './cluster-test.ts';
import { historyContract } from './history.ts';
import { jobAttemptsContract } from './jobs/attempts.ts';
import { jobHistoriesContract } from './jobs/histories.ts';
import { jobKeepingContract } from './jobs/keeping.ts';
import { leasesContract } from './leases.ts';
import { nodesContract } from './nodes.ts';
import { operationsContract } from './operations.ts';
import { placementContract } from './placement.ts';
import { recordingsContract } from './recording/recordings.ts';
import { restoreContract } from './restore.ts';
import { roomsContract } from './rooms.ts';
import { secretsContract } from './secrets.ts';
import { sessionsContract } from './sessions.ts';
import { turnContract } from './turn.ts';

/** No test takes so long. */
const LONG_LEASE_MS = 300_000;

/** @param makeCluster an empty cluster that keeps what `KEPT` says, each time */
export function clusterContract(
  name: string,
  makeCluster: (settings: ClusterSettings) => Promise<ClusterPair>,
): void {
  const promises: ClusterTest = (promise, body, settings) =>
    test(`${name}: ${promise}`, async (t) => {
      const pair = await makeCluster({ sessionLeaseMs: LONG_LEASE_MS, ...settings });
      t.after(() => pair.close());
      await body(pair, t);
    });
  for (const contract of [
    roomsContract,
    operationsContract,
    recordingsContract,
    sessionsContract,
    leasesContract,
    restoreContract,
    historyContract,
    placementContract,
    busContract,
    nodesContract,
    turnContract,
    secretsContract,
    jobAttemptsContract,
    jobKeepingContract,
    jobHistoriesContract,
  ]) {
    contract(promises);
  }
}
