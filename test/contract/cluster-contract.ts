// What every cluster promises, whatever it is made of: rooms here, nodes and the bus next door.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Cluster } from '../../server/cluster/cluster.ts';
import { busContract } from './bus-contract.ts';
import { nodesContract } from './nodes-contract.ts';
import { placementContract } from './placement-contract.ts';
import { roomsContract } from './rooms-contract.ts';
import { sessionsContract } from './sessions-contract.ts';

/** How many chat messages and patches the clusters under test keep. */
export const KEPT = { chatHistory: 5, patchHistory: 8 } as const;

/** Two handles of one cluster, as two processes have them. */
export interface ClusterPair {
  a: Cluster;
  b: Cluster;
  /** Errors that listeners threw, as the cluster reports them. */
  listenerErrors: unknown[];
  close(): Promise<void>;
}

/** A test that gets a cluster of its own. */
export type ClusterTest = (
  promise: string,
  body: (pair: ClusterPair, context: TestContext) => Promise<void>,
) => void;

/** @param makeCluster an empty cluster that keeps {@link KEPT}, each time */
export function clusterContract(name: string, makeCluster: () => Promise<ClusterPair>): void {
  const promises: ClusterTest = (promise, body) =>
    test(`${name}: ${promise}`, async (t) => {
      const pair = await makeCluster();
      t.after(() => pair.close());
      await body(pair, t);
    });
  for (const contract of [
    roomsContract,
    sessionsContract,
    placementContract,
    busContract,
    nodesContract,
  ]) {
    contract(promises);
  }
}

/** The code that something is refused with; fails when it is not refused. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => assert.fail('it was not refused'),
    (error: { code?: string }) => error.code,
  );
  assert.ok(outcome, 'it was refused without a code');
  return outcome;
}
