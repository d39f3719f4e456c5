// What may wait: jobs in the cluster store, each done by one process at a time, under a lease.
import * as v from 'valibot';
import { Timestamp } from '../../shared/room/room.ts';

export const JobState = v.picklist(['waiting', 'running', 'done', 'failed', 'cancelled']);
export type JobState = v.InferOutput<typeof JobState>;

export const Job = v.object({
  id: v.string(),
  /** What is to be done: it names the code that does it. */
  kind: v.string(),
  /** What it is about: there is one unfinished job of a kind and key at most. */
  key: v.string(),
  /** Read with the kind's own schema. */
  payload: v.unknown(),
  state: JobState,
  /** How often it was begun. */
  attempt: v.number(),
  /** It is not begun before this. */
  notBefore: Timestamp,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  /** From 0 to 1, as far as the process that does it has said. */
  progress: v.number(),
  /** What came of it: read with the kind's own schema. Null before it is done. */
  result: v.unknown(),
  /** Why the last attempt failed, as a sentence; null when it did not. */
  problem: v.nullable(v.string()),
});
export type Job = v.InferOutput<typeof Job>;

export interface NewJob {
  kind: string;
  key: string;
  payload: unknown;
  /** UTC milliseconds; at once without it. */
  notBefore?: number;
}

/** The right to do a job. Whatever is said with an older fence than the store's is refused. */
export interface JobLease {
  readonly job: Job;
  /** Rises by one with every process that takes the job. */
  readonly fence: number;
}

/** What becomes of a job that a process ends. */
export type JobOutcome =
  | { readonly done: unknown }
  /** It is begun again at this time, or never. UTC milliseconds. */
  | { readonly failed: string; readonly again?: number }
  /** It could not be begun yet, which is no failure: it waits until then, and the attempt does not count. */
  | { readonly wait: number };

/** Every method is one atomic operation, and throws ParleyError `unavailable` when the store cannot be reached. */
export interface JobStore {
  /** @returns the job; the unfinished one of this kind and key, if there is one */
  add(job: NewJob): Promise<Job>;
  /**
   * The job of these kinds that may begin and has waited longest; one whose lease ran out counts as waiting.
   * @returns undefined when there is none
   */
  take(kinds: readonly string[], leaseMs: number): Promise<JobLease | undefined>;
  /** @returns `lost` when another process has it, or nobody may do it any more; `cancelled` when it is to stop */
  renew(lease: JobLease, leaseMs: number, progress: number): Promise<'held' | 'lost' | 'cancelled'>;
  /** @returns false when the lease was lost: what was done does not count */
  finish(lease: JobLease, outcome: JobOutcome): Promise<boolean>;
  /** A waiting one ends at once, a running one when its process learns of it. @returns undefined for no such job */
  cancel(id: string): Promise<Job | undefined>;
  get(id: string): Promise<Job | undefined>;
  /** Of this kind, the newest first. Those that ended are kept for a while. @param keyPrefix those whose keys begin with it */
  list(kind: string, keyPrefix: string): Promise<Job[]>;
}
