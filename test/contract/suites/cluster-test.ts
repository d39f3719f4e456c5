// What a test of the contract gets, and what it may count on.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import type { JobLimits } from '../../../server/cluster/jobs.ts';
import type { OperationTable } from '../../../shared/room/operations.ts';

/** How many chat messages and patches the clusters under test keep. */
export const KEPT = { chatHistory: 5, patchHistory: 8 } as const;

/** Short enough to wait for its end, long enough for a busy machine to renew in time. */
export const SHORT_LEASE_MS = 2_000;
export interface ClusterSettings {
  sessionLeaseMs: number;
  operations?: OperationTable;
  jobs?: JobLimits;
}

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
  settings?: Partial<ClusterSettings>,
) => void;

/** The code that something is refused with; fails when it is not refused. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => assert.fail('it was not refused'),
    (error: { code?: string }) => error.code,
  );
  assert.ok(outcome, 'it was refused without a code');
  return outcome;
}
