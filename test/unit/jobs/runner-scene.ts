// A runner on a store in memory, with one kind of jobs.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import * as v from 'valibot';
import { JOB_LIMITS, type Job, type JobStore } from '../../../server/cluster/jobs.ts';
import { MemoryJobs } from '../../../server/cluster/memory/jobs.ts';
import type { JobKind, JobRun } from '../../../server/jobs/kind.ts';
import { JobRunner, type JobRunnerOptions } from '../../../server/jobs/runner.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { createMetrics } from '../../../server/telemetry/metrics.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { until } from '../../support/process/until.ts';
import { ownedBy } from '../../support/server/owned.ts';

export type Body = (payload: string, run: JobRun) => Promise<unknown>;
const kind = (body: Body): JobKind<string> => ({
  schema: v.string(),
  run: ({ payload }, run) => body(payload, run),
});

/** Rejects when it is told to stop, as a good attempt does. */
export const untilStopped = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

export class RunnerScene {
  readonly store: MemoryJobs;
  readonly resources = new Resources();
  readonly metrics = createMetrics(this.resources);
  /** Payloads of the attempts that began. */
  readonly begun: string[] = [];
  readonly #t: TestContext;

  constructor(t: TestContext, store = new MemoryJobs(JOB_LIMITS)) {
    this.#t = t;
    this.store = store;
  }

  run(body: Body, options: Partial<JobRunnerOptions> = {}): JobRunner {
    const noting: Body = (payload, run) => {
      this.begun.push(payload);
      return body(payload, run);
    };
    const runner = new JobRunner({
      ...{ store: this.store, kinds: { film: kind(noting) }, concurrency: 1, leaseMs: 60_000 },
      ...{ resources: this.resources, metrics: this.metrics, log: createLogger('silent') },
      ...{ pollMs: 20, ...options },
    });
    ownedBy(this.#t).defer(() => runner.close(1_000));
    return runner;
  }

  add(key: string, payload: unknown = key): Promise<Job> {
    return this.store.add({ kind: 'film', key, payload });
  }

  async has({ id }: Job, expected: Partial<Job>): Promise<Job> {
    return until('the job', async () => {
      const job = await this.store.get(id);
      assert.ok(job);
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(job[name as keyof Job], value, name);
      }
      return job;
    });
  }

  /** How many attempts ended so. */
  async ends(outcome: string): Promise<number> {
    const { values } = await this.metrics.jobSeconds.get();
    const isIt = ({ labels, metricName }: { labels: object; metricName?: string }) =>
      metricName?.endsWith('_count') && 'outcome' in labels && labels.outcome === outcome;
    return values.find(isIt)?.value ?? 0;
  }
}

/** A store of which some methods do something else. */
export function changed(store: JobStore, changes: Partial<JobStore>): JobStore {
  const names = ['add', 'take', 'renew', 'finish', 'cancel', 'get', 'list', 'counts'] as const;
  const same = Object.fromEntries(names.map((name) => [name, store[name].bind(store)]));
  return { ...(same as unknown as JobStore), ...changes };
}
