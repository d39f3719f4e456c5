// One job under its lease: renewed while it runs, stopped when the lease is lost, ended with its outcome.
import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
import type { JobLease, JobOutcome, JobStore } from '../cluster/jobs.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Resources, Timer } from '../telemetry/resources.ts';
import type { JobKind } from './kind.ts';
import { failureOf, NotYet, refusalOf } from './next-attempt.ts';

export interface HeldJobOptions {
  store: JobStore;
  lease: JobLease;
  /** `performance.now()` before the store was asked for it: the lease began later. */
  takenAt: number;
  leaseMs: number;
  kind: JobKind;
  /** How long an attempt may take to stop, after it was told to. */
  settleMs: number;
  resources: Resources;
  log: Logger;
}

/** What came of an attempt. `stuck`: it did not stop in time, and the store learns nothing of it. */
export type JobEnd =
  | 'done'
  | 'failed'
  | 'again'
  | 'waits'
  | 'cancelled'
  | 'returned'
  | 'lost'
  | 'stuck';

type Stop = 'cancelled' | 'returned' | 'lost';
const STOP_REASONS: Readonly<Record<Stop, string>> = {
  cancelled: 'The job was cancelled',
  returned: 'This process ends, and another one does the job',
  lost: 'The lease of the job is lost',
};

/** Progress is said this often at most. With it a cancel is learned as soon. */
const PROGRESS_EVERY_MS = 1_000;
/** Between two tries to end a job in a store that is away. */
const FINISH_PAUSE_MS = 1_000;

export class HeldJob {
  readonly #options: HeldJobOptions;
  readonly #stopping = new AbortController();
  readonly #letGo = new AbortController();
  #stop: Stop | undefined;
  #progress = 0;
  #renewing = false;
  #over = false;
  #renewedAt: number;
  #deadline: Timer | undefined;

  constructor(options: HeldJobOptions) {
    this.#options = options;
    this.#renewedAt = options.takenAt;
  }

  /** Stops the attempt and hands the job back: it can be begun elsewhere at once, and the attempt does not count. */
  giveBack(): void {
    this.#halt('returned');
  }

  /** Nothing is said to the store any more: the lease ends by itself. `run` resolves soon. */
  letGo(): void {
    this.#letGo.abort();
  }

  /** One attempt, to its end in the store. Called once; never rejects. */
  async run(): Promise<JobEnd> {
    const { resources, leaseMs, takenAt } = this.#options;
    const release = resources.open('job');
    this.#heldSince(takenAt);
    const renewals = resources.every(leaseMs / 3, () => this.#renew());
    try {
      const outcome = await this.#attemptInTime();
      return typeof outcome === 'string' ? outcome : await this.#finish(outcome);
    } finally {
      this.#over = true;
      renewals.close();
      this.#deadline?.close();
      release();
    }
  }

  async #attemptInTime(): Promise<JobOutcome | 'lost' | 'stuck'> {
    const { resources, settleMs } = this.#options;
    const overdue = Promise.withResolvers<'stuck'>();
    let patience: Timer | undefined;
    this.#stopping.signal.addEventListener('abort', () => {
      patience = resources.after(settleMs, () => overdue.resolve('stuck'));
    });
    this.#letGo.signal.addEventListener('abort', () => overdue.resolve('stuck'));
    try {
      return await Promise.race([this.#attempt(), overdue.promise]);
    } finally {
      patience?.close();
    }
  }

  async #attempt(): Promise<JobOutcome | 'lost'> {
    const { kind, lease, log } = this.#options;
    const { signal } = this.#stopping;
    const { job } = lease;
    const refusal = refusalOf(job.attempt, job.problem);
    if (refusal !== undefined) return { failed: refusal };
    try {
      const read = v.safeParse(kind.schema, job.payload);
      if (!read.success) {
        // Another release may have ordered it, whose processes can do it.
        throw new Error(`This release cannot read what is to be done: ${v.summarize(read.issues)}`);
      }
      const progress = (fraction: number) => this.#say(fraction);
      return { done: await kind.run({ ...job, payload: read.output }, { signal, progress, log }) };
    } catch (error) {
      if (this.#stop === 'lost') return 'lost';
      if (this.#stop === 'returned') return { wait: job.notBefore };
      if (this.#stop === 'cancelled') return { failed: 'It was cancelled.' };
      if (!(error instanceof NotYet)) log.warn({ err: error }, 'an attempt at a job failed');
      return failureOf(job.attempt, error, this.#storeNow());
    }
  }

  /** Until the store has answered: its fence decides, however long that takes. */
  async #finish(outcome: JobOutcome): Promise<JobEnd> {
    const { store, lease, resources, log } = this.#options;
    const letGo = new Promise<void>((resolve) => {
      this.#letGo.signal.addEventListener('abort', () => resolve());
    });
    while (!this.#letGo.signal.aborted) {
      try {
        if (!(await store.finish(lease, outcome))) return 'lost';
        return this.#endOf(outcome);
      } catch (error) {
        if (error instanceof ParleyError && error.code === 'message_too_large') {
          return this.#finish({ failed: error.message });
        }
        if (!(error instanceof ParleyError && error.code === 'unavailable')) {
          log.error({ err: error }, 'the end of a job could not be written');
          return 'stuck';
        }
        await resources.atMost(FINISH_PAUSE_MS, letGo);
      }
    }
    return 'stuck';
  }

  #endOf(outcome: JobOutcome): JobEnd {
    if ('done' in outcome) return 'done';
    if (this.#stop === 'cancelled') return 'cancelled';
    if ('wait' in outcome) return this.#stop === 'returned' ? 'returned' : 'waits';
    return outcome.again === undefined ? 'failed' : 'again';
  }

  #say(fraction: number): void {
    this.#progress = fraction;
    if (performance.now() - this.#renewedAt >= PROGRESS_EVERY_MS) this.#renew();
  }

  #renew(): void {
    if (this.#renewing || this.#over) return;
    this.#renewing = true;
    const { store, lease, leaseMs, log } = this.#options;
    const askedAt = performance.now();
    this.#renewedAt = askedAt;
    store
      .renew(lease, leaseMs, this.#progress)
      .then(
        (state) => {
          if (this.#over) return;
          if (state === 'lost') return this.#halt('lost');
          this.#heldSince(askedAt);
          if (state === 'cancelled') this.#halt('cancelled');
        },
        // The next one is soon; without any the lease ends.
        (err) => log.debug({ err }, 'a lease was not renewed'),
      )
      .finally(() => {
        this.#renewing = false;
      });
  }

  /** Another process may have the job from a lease later on, whether this one can ask or not. */
  #heldSince(askedAt: number): void {
    const { resources, leaseMs } = this.#options;
    this.#deadline?.close();
    const leftMs = Math.max(0, askedAt + leaseMs - performance.now());
    this.#deadline = resources.after(leftMs, () => this.#halt('lost'));
  }

  /** The first reason counts, but that a job is lost counts more than any other. */
  #halt(why: Stop): void {
    if (this.#over) return;
    if (this.#stop === undefined || why === 'lost') this.#stop = why;
    this.#stopping.abort(new Error(STOP_REASONS[why]));
  }

  /** The time on the store's clock, which is what the times of jobs are. */
  #storeNow(): number {
    const { lease, takenAt } = this.#options;
    return lease.job.updatedAt + (performance.now() - takenAt);
  }
}
