// A process that does jobs: begins what waits, says how it ended, and stops what it may not do any more.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { JOB_LIMITS, type Job, type JobStore } from '../../../server/cluster/jobs.ts';
import { MemoryJobs } from '../../../server/cluster/memory/jobs.ts';
import type { JobKind, JobRun } from '../../../server/jobs/kind.ts';
import { Hopeless, NotYet } from '../../../server/jobs/next-attempt.ts';
import { JobRunner, type JobRunnerOptions } from '../../../server/jobs/runner.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { createMetrics } from '../../../server/telemetry/metrics.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { ParleyError } from '../../../shared/errors.ts';
import { until } from '../../support/process/until.ts';
import { ownedBy } from '../../support/server/owned.ts';

type Body = (payload: string, run: JobRun) => Promise<unknown>;
const kind = (body: Body): JobKind<string> => ({
  schema: v.string(),
  run: ({ payload }, run) => body(payload, run),
});

/** Rejects when it is told to stop, as a good attempt does. */
const untilStopped = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

class Scene {
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
function changed(store: JobStore, changes: Partial<JobStore>): JobStore {
  const names = ['add', 'take', 'renew', 'finish', 'cancel', 'get', 'list', 'counts'] as const;
  const same = Object.fromEntries(names.map((name) => [name, store[name].bind(store)]));
  return { ...(same as unknown as JobStore), ...changes };
}

test('what waits is done, one after the other, and its result kept', async (t) => {
  const scene = new Scene(t);
  const jobs = await Promise.all(['one', 'two', 'three'].map((key) => scene.add(key)));
  let atOnce = 0;
  scene.run(async (payload) => {
    atOnce += 1;
    assert.equal(atOnce, 1);
    await null;
    atOnce -= 1;
    return `${payload}.mp4`;
  });
  for (const job of jobs) await scene.has(job, { state: 'done', result: `${job.key}.mp4` });
  assert.equal(await scene.ends('done'), 3);
  assert.equal(scene.resources.counts().job, 0);
});

test('as many are done at once as it may, and the next as soon as one ends', async (t) => {
  const scene = new Scene(t);
  const ends = new Map<string, () => void>();
  for (const key of ['one', 'two', 'three']) await scene.add(key);
  const runner = scene.run((payload) => new Promise<void>((end) => ends.set(payload, end)), {
    concurrency: 2,
    pollMs: 60_000,
  });
  await until('two', () => assert.equal(runner.running, 2));
  assert.equal(ends.size, 2);
  [...ends.values()][0]?.();
  await until('the third', () => assert.equal(ends.size, 3));
  for (const end of ends.values()) end();
  await until('all', () => assert.equal(runner.running, 0));
});

test('a job that is added later is found, and at once when it is told to look', async (t) => {
  const scene = new Scene(t);
  const patient = scene.run(async () => 'done', { pollMs: 60_000 });
  const first = await scene.add('one');
  patient.wake();
  await scene.has(first, { state: 'done' });
  scene.run(async () => 'done');
  await scene.has(await scene.add('two'), { state: 'done' });
});

test('what fails is begun again later, and what is hopeless never', async (t) => {
  const scene = new Scene(t);
  const [fails, hopeless, waits] = [
    await scene.add('fails'),
    await scene.add('hopeless'),
    await scene.add('waits'),
  ];
  scene.run(async (payload) => {
    if (payload === 'hopeless') throw new Hopeless('It has no track.');
    if (payload === 'waits') throw new NotYet('It is still recorded.', 60_000);
    throw new Error('The disk is full.');
  });
  const failed = await scene.has(fails, { state: 'waiting', problem: 'The disk is full.' });
  assert.ok(failed.notBefore - failed.updatedAt > 9_000, `${failed.notBefore - failed.updatedAt}`);
  await scene.has(hopeless, { state: 'failed', problem: 'It has no track.' });
  await scene.has(waits, { state: 'waiting', problem: null, attempt: 0 });
  assert.deepEqual(
    [await scene.ends('again'), await scene.ends('failed'), await scene.ends('waits')],
    [1, 1, 1],
  );
});

test('a payload that cannot be read is left to other releases for a while', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one', { from: 'the future' });
  scene.run(async () => 'done');
  const { problem } = await scene.has(job, { state: 'waiting', attempt: 1 });
  assert.match(problem ?? '', /This release cannot read what is to be done/);
  assert.deepEqual(scene.begun, []);
});

test('a job that ended five processes is given up', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('poison');
  for (let n = 0; n < 5; n++) {
    await scene.store.take(['film'], 1);
    await until('its lease to end', async () => {
      const { state } = (await scene.store.get(job.id)) ?? {};
      assert.equal(state, 'running');
      assert.ok(Date.now() > ((await scene.store.get(job.id))?.updatedAt ?? 0) + 1);
    });
  }
  scene.run(async () => 'done');
  const { problem } = await scene.has(job, { state: 'failed' });
  assert.match(problem ?? '', /begun 5 times/);
  assert.deepEqual(scene.begun, []);
});

test('a result that is too large fails the job, with the reason', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one');
  scene.run(async () => 'x'.repeat(40_000));
  const { problem } = await scene.has(job, { state: 'failed' });
  assert.match(problem ?? '', /The result of a job has 40002 bytes/);
});

test('the lease is renewed while a job runs, and its progress kept', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one');
  const end = Promise.withResolvers<void>();
  scene.run(
    async (_, { progress }) => {
      progress(0.5);
      await end.promise;
    },
    { leaseMs: 120 },
  );
  const { updatedAt } = await scene.has(job, { state: 'running', progress: 0.5 });
  await until('three leases to pass', () => assert.ok(Date.now() > updatedAt + 360));
  assert.equal(await scene.store.take(['film'], 1), undefined);
  end.resolve();
  await scene.has(job, { state: 'done', attempt: 1 });
});

test('a job that is cancelled stops, and is not begun again', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one');
  scene.run((_, { signal }) => untilStopped(signal), { leaseMs: 300 });
  await scene.has(job, { state: 'running' });
  await scene.store.cancel(job.id);
  await scene.has(job, { state: 'cancelled', problem: null });
  await until('it to be counted', async () => assert.equal(await scene.ends('cancelled'), 1));
  assert.deepEqual(scene.begun, ['one']);
});

test('a job whose lease is lost stops, and its end does not count', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one');
  const reasons: unknown[] = [];
  const store = changed(scene.store, { renew: async () => 'lost' });
  const end = Promise.withResolvers<void>();
  const runner = scene.run(
    async (_, { signal }) => {
      await untilStopped(signal).catch((reason) => reasons.push(reason));
      await end.promise;
      signal.throwIfAborted();
    },
    { store, leaseMs: 200 },
  );
  await until('it to stop', () => assert.equal(reasons.length, 1));
  assert.match(String(reasons[0]), /lease of the job is lost/);
  end.resolve();
  await until('it to be over', async () => assert.equal(await scene.ends('lost'), 1));
  await runner.close();
  assert.equal((await scene.store.get(job.id))?.problem, null);
});

test('a store that is away for longer than the lease stops the job', async (t) => {
  const scene = new Scene(t);
  await scene.add('one');
  let isAway = false;
  const away = async () => {
    throw new ParleyError('unavailable');
  };
  const store = changed(scene.store, {
    renew: (...args) => (isAway ? away() : scene.store.renew(...args)),
    take: (...args) => (isAway ? away() : scene.store.take(...args)),
  });
  const stopped = Promise.withResolvers<unknown>();
  scene.run(
    async (_, { signal }) => {
      isAway = true;
      const beganAt = performance.now();
      await untilStopped(signal).catch(() => stopped.resolve(performance.now() - beganAt));
      signal.throwIfAborted();
    },
    { store, leaseMs: 300 },
  );
  const tookMs = await stopped.promise;
  assert.ok(Number(tookMs) < 2_000, `${tookMs} ms`);
  await until('it to be over', async () => assert.equal(await scene.ends('lost'), 1));
  isAway = false;
  await until('it to be begun again', () => assert.equal(scene.begun.length, 2));
});

test('a job that is done while the store is away is done when it is back', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one');
  let tries = 0;
  const store = changed(scene.store, {
    finish: async (...args) => {
      tries += 1;
      if (tries < 3) throw new ParleyError('unavailable');
      return scene.store.finish(...args);
    },
  });
  scene.run(async () => 'film.mp4', { store });
  await scene.has(job, { state: 'done', result: 'film.mp4' });
  assert.deepEqual([tries, scene.begun.length], [3, 1]);
});

test('a process that closes hands its jobs back: another one begins them at once', async (t) => {
  const scene = new Scene(t);
  const jobs = [await scene.add('one'), await scene.add('two')];
  const runner = scene.run((_, { signal }) => untilStopped(signal), { concurrency: 2 });
  await until('both', () => assert.equal(scene.begun.length, 2));
  await Promise.all([runner.close(), runner.close()]);
  for (const job of jobs) await scene.has(job, { state: 'waiting', attempt: 0, problem: null });
  assert.deepEqual([await scene.ends('returned'), runner.running], [2, 0]);
  runner.wake();
  const { job, timer } = scene.resources.counts();
  assert.deepEqual([job, timer], [0, 0]);
  scene.run(async () => 'done', { concurrency: 2 });
  for (const job of jobs) await scene.has(job, { state: 'done', attempt: 1 });
});

test('a job that is taken while its process closes is handed back', async (t) => {
  const scene = new Scene(t);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const store = changed(scene.store, {
    take: async (...args) => {
      asked.resolve();
      await answer.promise;
      return scene.store.take(...args);
    },
  });
  const job = await scene.add('one');
  const runner = scene.run((_, { signal }) => untilStopped(signal), { store });
  await asked.promise;
  const closed = runner.close();
  answer.resolve();
  await closed;
  await scene.has(job, { state: 'waiting', attempt: 0 });
});

test('an attempt that does not stop holds nobody up, and is not handed back', async (t) => {
  const scene = new Scene(t);
  const job = await scene.add('one');
  const runner = scene.run(() => new Promise(() => {}));
  await until('it to begin', () => assert.equal(runner.running, 1));
  const beganAt = performance.now();
  await runner.close(100);
  assert.ok(performance.now() - beganAt < 2_000);
  await scene.has(job, { state: 'running' });
  assert.equal(await scene.ends('stuck'), 1);
  assert.equal(scene.resources.counts().timer, 0);
});

test('an attempt that goes on after its cancel frees its place', async (t) => {
  const scene = new Scene(t);
  const stuck = await scene.add('stuck');
  const next = await scene.add('next');
  const body: Body = async (payload) => payload === 'next' || new Promise(() => {});
  scene.run(body, { leaseMs: 300, settleMs: 50 });
  await scene.has(stuck, { state: 'running' });
  await scene.store.cancel(stuck.id);
  await scene.has(next, { state: 'done' });
  assert.equal(await scene.ends('stuck'), 1);
});

test('jobs are counted for the metrics', async (t) => {
  const scene = new Scene(t);
  await scene.store.add({
    kind: 'film',
    key: 'later',
    payload: '',
    notBefore: Date.now() + 60_000,
  });
  scene.run(async () => 'done');
  await until('the counts', async () => {
    const { values } = await scene.metrics.jobs.get();
    const shown = values.map(({ labels, value }) => `${labels.kind} ${labels.state} ${value}`);
    assert.deepEqual(shown.sort(), ['film running 0', 'film waiting 1']);
  });
});

test('a process without kinds looks for nothing', async (t) => {
  const scene = new Scene(t);
  await scene.add('one');
  const runner = scene.run(async () => 'done', { kinds: {} });
  runner.wake();
  assert.equal(scene.resources.counts().timer, 0);
  await runner.close();
});
