// Does the jobs of a process: looks for them, as many at once as it may, and hands them back when it closes.
import { ParleyError } from '../../shared/errors.ts';
import type { JobLease, JobStore } from '../cluster/jobs.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources, Timer } from '../telemetry/resources.ts';
import { HeldJob, type JobEnd } from './held-job.ts';
import type { JobKind } from './kind.ts';

export interface JobRunnerOptions {
  store: JobStore;
  /** By their names. Without any nothing is looked for. */
  kinds: Readonly<Record<string, JobKind>>;
  /** Jobs at once. */
  concurrency: number;
  leaseMs: number;
  resources: Resources;
  metrics?: Pick<Metrics, 'jobs' | 'jobSeconds'> | undefined;
  log: Logger;
  /** How often a job is looked for; half a second to several. */
  pollMs?: number;
  /** How long an attempt may take to stop, after it was told to. */
  settleMs?: number;
}

/** One short script a process: a job that waits anyway may wait for this too. */
const POLL_MS = 1_000;
/** Each process looks in a rhythm of its own: together they look more often than each. */
const POLL_JITTER = 0.25;
/** ffmpeg closes its file in less than this. */
const SETTLE_MS = 10_000;
/** As often as metrics are read, about. */
const COUNT_EVERY_MS = 15_000;
/** A platform may give a process ten seconds to end. */
const CLOSE_WITHIN_MS = 4_000;

const LOUD: ReadonlySet<JobEnd> = new Set<JobEnd>(['failed', 'lost', 'stuck']);

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #names: readonly string[];
  readonly #running = new Map<HeldJob, Promise<void>>();
  readonly #timers: Timer[] = [];
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #closing: Promise<void> | undefined;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#names = Object.keys(options.kinds);
    if (this.#names.length === 0) return;
    const { resources, metrics, pollMs = POLL_MS } = options;
    const jitter = 1 + POLL_JITTER * (2 * Math.random() - 1);
    this.#timers.push(resources.every(pollMs * jitter, () => this.wake()));
    if (metrics) {
      this.#timers.push(resources.every(COUNT_EVERY_MS, () => void this.#count()));
      void this.#count();
    }
    this.wake();
  }

  /** How many jobs it does at the moment. */
  get running(): number {
    return this.#running.size;
  }

  /** Looks for jobs now, and not only at the next time. */
  wake(): void {
    if (this.#closing || this.#names.length === 0) return;
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain) this.wake();
    });
  }

  /**
   * Takes no more jobs, stops those that it does and hands them back. What has not stopped after `withinMs` is
   * left to the end of its lease. Idempotent.
   */
  close(withinMs: number = CLOSE_WITHIN_MS): Promise<void> {
    this.#closing ??= this.#close(withinMs);
    return this.#closing;
  }

  async #close(withinMs: number): Promise<void> {
    for (const timer of this.#timers) timer.close();
    const { resources, log } = this.#options;
    for (const held of this.#running.keys()) held.giveBack();
    const ended = (async () => {
      await this.#looking;
      await Promise.all(this.#running.values());
    })();
    if (await resources.atMost(withinMs, ended)) return;
    log.error({ jobs: this.#running.size }, 'jobs did not stop in time: their leases have to end');
    for (const held of this.#running.keys()) held.letGo();
    await Promise.all(this.#running.values());
  }

  async #look(): Promise<void> {
    const { store, concurrency, leaseMs, log } = this.#options;
    try {
      while (this.#lookAgain && !this.#closing) {
        this.#lookAgain = false;
        while (this.#running.size < concurrency && !this.#closing) {
          const takenAt = performance.now();
          const lease = await store.take(this.#names, leaseMs);
          if (!lease) break;
          this.#begin(lease, takenAt);
        }
      }
    } catch (err) {
      const isAway = err instanceof ParleyError && err.code === 'unavailable';
      log[isAway ? 'debug' : 'error']({ err }, 'no job could be taken');
    }
  }

  #begin(lease: JobLease, takenAt: number): void {
    const { store, kinds, leaseMs, resources, log, settleMs = SETTLE_MS } = this.#options;
    const { id, kind: name, key, attempt } = lease.job;
    const kind = kinds[name];
    if (!kind) throw new Error(`The store gave a job of the kind ${name}, which was not asked for`);
    const jobLog = log.child({ job: id, kind: name, key, attempt });
    const held = new HeldJob({
      ...{ store, lease, takenAt, leaseMs, kind, settleMs, resources, log: jobLog },
    });
    const isBegunTooLate = this.#closing !== undefined;
    const running = held.run().then(
      (end) => this.#ended(held, name, end, takenAt, jobLog),
      (err) => {
        jobLog.error({ err }, 'a job ended unexpectedly');
        this.#ended(held, name, 'stuck', takenAt, jobLog);
      },
    );
    this.#running.set(held, running);
    jobLog.debug('a job began');
    if (isBegunTooLate) held.giveBack();
  }

  #ended(held: HeldJob, kind: string, end: JobEnd, takenAt: number, log: Logger): void {
    this.#running.delete(held);
    const seconds = (performance.now() - takenAt) / 1_000;
    this.#options.metrics?.jobSeconds.observe({ kind, outcome: end }, seconds);
    log[LOUD.has(end) ? 'warn' : 'info']({ end, seconds }, 'a job ended');
    this.wake();
  }

  async #count(): Promise<void> {
    const { store, metrics, log } = this.#options;
    try {
      const counts = await store.counts();
      metrics?.jobs.reset();
      // Those that are watched are there also when there are none.
      for (const kind of this.#names) {
        for (const state of ['waiting', 'running']) metrics?.jobs.set({ kind, state }, 0);
      }
      for (const { kind, state, count } of counts) metrics?.jobs.set({ kind, state }, count);
    } catch (err) {
      log.debug({ err }, 'the jobs could not be counted');
    }
  }
}
