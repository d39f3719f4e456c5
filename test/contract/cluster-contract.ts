// What every cluster promises, whatever it is made of.
import { test } from 'node:test';
import { busContract } from './bus-contract.ts';
import type { ClusterPair, ClusterSettings, ClusterTest } from './cluster-test.ts';
import { historyContract } from './history-contract.ts';
import { leasesContract } from './leases-contract.ts';
import { nodesContract } from './nodes-contract.ts';
import { placementContract } from './placement-contract.ts';
import { restoreContract } from './restore-contract.ts';
import { roomsContract } from './rooms-contract.ts';
import { sessionsContract } from './sessions-contract.ts';
import { turnContract } from './turn-contract.ts';

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
    sessionsContract,
    leasesContract,
    restoreContract,
    historyContract,
    placementContract,
    busContract,
    nodesContract,
    turnContract,
  ]) {
    contract(promises);
  }
}
