// Jobs as the suites add and take them.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobLease, JobStore, NewJob } from '../../../../server/cluster/jobs.ts';

/** Longer than any test waits. */
export const LONG_MS = 60_000;
export const FILM: NewJob = { kind: 'film', key: 'one', payload: { layout: 'grid', tracks: [] } };
export const film = (key: string, more: Partial<NewJob> = {}): NewJob => ({
  ...FILM,
  key,
  ...more,
});

export async function taken(jobs: JobStore, kind = 'film', leaseMs = LONG_MS): Promise<JobLease> {
  const lease = await jobs.take([kind], leaseMs);
  assert.ok(lease, 'there was none to take');
  return lease;
}

/** Taken for so short a time that it has passed. */
export async function takenAndLost(jobs: JobStore): Promise<JobLease> {
  const lease = await taken(jobs, 'film', 1);
  await sleep(5);
  return lease;
}
