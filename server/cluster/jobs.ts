// What may wait: jobs in the cluster store, each done by one process at a time, under a lease.
import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
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

/** Whether it waits or is being done. */
export function isUnfinished({ state }: Pick<Job, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

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

export interface JobLimits {
  /** Unfinished jobs at most, of all kinds together. */
  maxUnfinished: number;
  /** How long a job is kept after it ended. */
  keepMs: number;
  /** Ended jobs of one kind that are kept at most: the oldest go first. At least 1. */
  keptPerKind: number;
}

/** What the settings are by default; see server/config/topics/jobs.ts for the reasons. */
export const JOB_LIMITS: JobLimits = {
  maxUnfinished: 10_000,
  keepMs: 7 * 24 * 3_600_000,
  keptPerKind: 1_000,
};

/** Bytes of a payload, and of a result, as JSON. They name files; what is large is in one. */
export const JOB_DATA_BYTES = 32_768;
/** Jobs that `list` returns at most: their data may be 32 MB together. */
export const JOBS_LISTED = 500;

/** How many jobs of a kind are in a state. */
export interface JobCount {
  kind: string;
  state: JobState;
  count: number;
}

/**
 * Every method is one atomic operation, and throws ParleyError `unavailable` when the store cannot be reached.
 * All times are those of the store's clock.
 */
export interface JobStore {
  /**
   * @returns the job; the unfinished one of this kind and key, if there is one
   * @throws ParleyError `no_capacity` when too many are unfinished, `message_too_large`; RangeError for a
   *   kind or key that cannot be one
   */
  add(job: NewJob): Promise<Job>;
  /**
   * The job of these kinds that has waited longest: since its `notBefore`, or since the lease of the process that
   * had it ended.
   * @returns undefined when there is none
   */
  take(kinds: readonly string[], leaseMs: number): Promise<JobLease | undefined>;
  /** @returns `lost` when another process has it, or nobody may do it any more; `cancelled` when it is to stop */
  renew(lease: JobLease, leaseMs: number, progress: number): Promise<'held' | 'lost' | 'cancelled'>;
  /**
   * Counts as long as no other process has taken the job, even if the lease has run out.
   * @returns false when the lease was lost: what was done does not count
   * @throws ParleyError `message_too_large` for the result
   */
  finish(lease: JobLease, outcome: JobOutcome): Promise<boolean>;
  /** A waiting one ends at once, a running one when its process learns of it. @returns undefined for no such job */
  cancel(id: string): Promise<Job | undefined>;
  get(id: string): Promise<Job | undefined>;
  /**
   * The jobs of this kind, the newest first, at most {@link JOBS_LISTED}. Those that ended are kept for a while.
   * @param keyPrefix those whose keys begin with it
   */
  list(kind: string, keyPrefix: string): Promise<Job[]>;
  /** Those that there are, also the ended ones that are kept. States without a job are not named. */
  counts(): Promise<JobCount[]>;
}

const KIND = /^[a-z][a-z0-9-]{0,63}$/;
/** It is a part of names in the store, so it has a bound. */
const KEY_LENGTH = 512;
/** Longer ones are cut: they are read by people. */
const PROBLEM_LENGTH = 1_000;

/**
 * The payload of a new job as JSON.
 * @throws ParleyError `message_too_large`; RangeError for a kind or key that cannot be one
 */
export function payloadText({ kind, key, payload, notBefore }: NewJob): string {
  if (!KIND.test(kind)) throw new RangeError(`"${kind}" cannot be the kind of a job`);
  if (key.length > KEY_LENGTH || /\p{Cc}/u.test(key) || !key.isWellFormed()) {
    throw new RangeError('The key of a job has at most 512 characters, and none that is invisible');
  }
  if (notBefore !== undefined) jobTime(notBefore);
  return dataText(payload, 'The payload');
}

/** The result of a job as JSON. @throws ParleyError `message_too_large` */
export function resultText(result: unknown): string {
  return dataText(result, 'The result');
}

export function problemText(problem: string): string {
  return problem.slice(0, PROBLEM_LENGTH).toWellFormed();
}

/** From 0 to 1, whatever a process said. */
export function progressOf(said: number): number {
  return Number.isNaN(said) ? 0 : Math.min(Math.max(said, 0), 1);
}

/** Whole UTC milliseconds. @throws RangeError for what is no time */
export function jobTime(ms: number): number {
  const time = Math.floor(ms);
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw new RangeError(`A job cannot begin at ${ms}: it has to be UTC milliseconds`);
}

/** The refusal of one job too many. */
export function jobsFull({ maxUnfinished }: JobLimits): ParleyError {
  return new ParleyError('no_capacity', {
    message: `${maxUnfinished} jobs wait or are being done, which is all that this server takes (MAX_JOBS). Try again when some are done; more worker processes do them sooner.`,
  });
}

function dataText(data: unknown, what: string): string {
  const text = JSON.stringify(data ?? null);
  if (Buffer.byteLength(text) <= JOB_DATA_BYTES) return text;
  throw new ParleyError('message_too_large', {
    message: `${what} of a job has ${Buffer.byteLength(text)} bytes; more than ${JOB_DATA_BYTES} belong in a file that it names.`,
  });
}
