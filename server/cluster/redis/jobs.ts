// Jobs in Redis; lua/jobs/jobs.lua says what is kept where.
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import {
  JOBS_LISTED,
  Job,
  type JobCount,
  type JobLease,
  type JobLimits,
  type JobOutcome,
  JobState,
  type JobStore,
  jobsFull,
  jobTime,
  type NewJob,
  payloadText,
  problemText,
  progressOf,
  resultText,
} from '../jobs.ts';
import type { RedisConnection } from './link/connection.ts';
import type { RedisScript, ScriptValues } from './link/script.ts';
import { JOBS, type JobArgument } from './scripts.ts';

/** Id, state, payload, result and problem: see `show` in jobs.lua. */
const Shown = v.tuple([v.string(), v.string(), v.string(), v.string(), v.string()]);
type Shown = v.InferOutput<typeof Shown>;
const MaybeShown = v.nullable(Shown);
const Renewed = v.picklist(['held', 'lost', 'cancelled']);
const Count = v.tuple([v.string(), JobState, v.pipe(v.string(), v.toNumber())]);

const STATE = /^([a-z]+)\|([^|]*)\|(\d+)\|(\d+)\|(\d+)\|(\d+)\|([^|]*)\|(\d+)\|\d\|[^|]*\|(.*)$/s;

/** Each leaves the same behind when it is done twice. */
const REPEATABLE = { repeatable: true };

export interface RedisJobsOptions {
  connection: RedisConnection;
  keyPrefix: string;
  limits: JobLimits;
  onUnreadable(error: unknown): void;
}

export class RedisJobs implements JobStore {
  readonly #options: RedisJobsOptions;

  constructor(options: RedisJobsOptions) {
    this.#options = options;
  }

  async add(job: NewJob): Promise<Job> {
    const payload = payloadText(job);
    const { limits } = this.#options;
    const { kind, key, notBefore } = job;
    const when = notBefore === undefined ? '' : jobTime(notBefore);
    const values = { id: randomUUID(), kind, key, payload, notBefore: when };
    const added = await this.#run(
      JOBS.add,
      { ...values, max: limits.maxUnfinished },
      MaybeShown,
      REPEATABLE,
    );
    if (!added) throw jobsFull(limits);
    return leaseOf(added).job;
  }

  async take(kinds: readonly string[], leaseMs: number): Promise<JobLease | undefined> {
    if (kinds.length === 0) return undefined;
    // Repeated it would take another one. A job whose taker did not learn of it waits for the end of its lease.
    const values = { kinds: JSON.stringify(kinds), leaseMs };
    const taken = await this.#run(JOBS.take, values, MaybeShown, {});
    return taken ? leaseOf(taken) : undefined;
  }

  async renew({ job, fence }: JobLease, leaseMs: number, progress: number) {
    const values = { id: job.id, fence, leaseMs, progress: progressOf(progress) };
    return this.#run(JOBS.renew, values, Renewed, REPEATABLE);
  }

  async finish({ job, fence }: JobLease, outcome: JobOutcome): Promise<boolean> {
    const values = { id: job.id, fence, token: randomUUID(), ...ending(outcome) };
    return (await this.#run(JOBS.finish, values, v.number(), REPEATABLE)) === 1;
  }

  async cancel(id: string): Promise<Job | undefined> {
    const cancelled = await this.#run(JOBS.cancel, { id }, MaybeShown, REPEATABLE);
    return cancelled ? leaseOf(cancelled).job : undefined;
  }

  async get(id: string): Promise<Job | undefined> {
    const found = await this.#run(JOBS.get, { id }, MaybeShown, REPEATABLE);
    return found ? leaseOf(found).job : undefined;
  }

  async list(kind: string, keyPrefix: string): Promise<Job[]> {
    const values = { kind, prefix: keyPrefix, most: JOBS_LISTED };
    const found = await this.#run(JOBS.list, values, v.array(Shown), REPEATABLE);
    return found.flatMap((shown) => {
      try {
        return [leaseOf(shown).job];
      } catch (error) {
        // What another release wrote may not be readable; the rest is.
        this.#options.onUnreadable(error);
        return [];
      }
    });
  }

  async counts(): Promise<JobCount[]> {
    const flat = await this.#run(JOBS.counts, {}, v.array(v.string()), REPEATABLE);
    return flat.flatMap((name, n) => {
      if (n % 2 !== 0) return [];
      const [kind, state, count] = v.parse(Count, [...name.split('|'), flat[n + 1]]);
      return [{ kind, state, count }];
    });
  }

  /** One tag for all: they are changed together. */
  readonly #keyOf = (name: string) => `${this.#options.keyPrefix}:{jobs}:${name}`;

  async #run<Argument extends string, S extends v.GenericSchema>(
    script: RedisScript<Argument>,
    values: ScriptValues<Exclude<Argument, JobArgument>>,
    schema: S,
    options: { repeatable?: boolean },
  ): Promise<v.InferOutput<S>> {
    const { connection, limits } = this.#options;
    const { keepMs, keptPerKind } = limits;
    const all: ScriptValues<string> = { keepMs, keptPerKind, ...values };
    return v.parse(schema, await connection.script(script, this.#keyOf, all, options));
  }
}

/** As finish.lua takes it. */
function ending(outcome: JobOutcome): { outcome: string; text: string; again: number } {
  if ('done' in outcome) return { outcome: 'done', text: resultText(outcome.done), again: 0 };
  if ('wait' in outcome) return { outcome: 'wait', text: '', again: jobTime(outcome.wait) };
  const { failed, again } = outcome;
  const text = problemText(failed);
  return again === undefined
    ? { outcome: 'failed', text, again: 0 }
    : { outcome: 'again', text, again: jobTime(again) };
}

/** @throws ValiError when it is nothing that this release has written */
function leaseOf([id, text, payload, result, problem]: Shown): JobLease {
  const [, state, kind, attempt, notBefore, createdAt, updatedAt, progress, fence, key] =
    STATE.exec(text) ?? [];
  const job = v.parse(Job, {
    ...{ id, state, kind, key },
    attempt: Number(attempt),
    notBefore: Number(notBefore),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    progress: Number(progress),
    payload: JSON.parse(payload),
    result: result === '' ? null : JSON.parse(result),
    problem: problem === '' ? null : problem,
  });
  return { job, fence: Number(fence) };
}
