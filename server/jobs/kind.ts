// What does the jobs of one kind: its payload's schema, and one attempt.
import type * as v from 'valibot';
import type { Job } from '../cluster/jobs.ts';
import type { Logger } from '../telemetry/log.ts';

/** A job whose payload was read. */
export interface JobOf<Payload> extends Omit<Job, 'payload'> {
  readonly payload: Payload;
}

/** What one attempt gets. */
export interface JobRun {
  /**
   * Aborts when the job is cancelled, another process may have it, or this process ends. The attempt then leaves
   * nothing running behind, and rejects within seconds; with what, does not matter.
   */
  readonly signal: AbortSignal;
  /** How far it is, from 0 to 1. May be called as often as it changes. */
  progress(fraction: number): void;
  readonly log: Logger;
}

export interface JobKind<Payload = unknown> {
  readonly schema: v.GenericSchema<unknown, Payload>;
  /**
   * One attempt. A former one may have been killed at any point, and in rare cases still runs elsewhere for a
   * moment: it repeats without harm what was done already.
   *
   * @returns the result, small enough for JOB_DATA_BYTES
   * @throws NotYet to wait without a failure; Hopeless when no further attempt can succeed; anything else is
   *   tried again, and its message is the job's `problem`
   */
  run(job: JobOf<Payload>, run: JobRun): Promise<unknown>;
}
