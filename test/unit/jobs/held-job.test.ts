// A job that a process has: its lease renewed, stopped when that is lost, and handed back when the process ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../../shared/errors.ts';
import { until } from '../../support/process/until.ts';
import { type Body, changed, RunnerScene, untilStopped } from './runner-scene.ts';

test('the lease is renewed while a job runs, and its progress kept', async (t) => {
  const scene = new RunnerScene(t);
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

test('a job whose lease is lost stops, and its end does not count', async (t) => {
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
  const stuck = await scene.add('stuck');
  const next = await scene.add('next');
  const body: Body = async (payload) => payload === 'next' || new Promise(() => {});
  scene.run(body, { leaseMs: 300, settleMs: 50 });
  await scene.has(stuck, { state: 'running' });
  await scene.store.cancel(stuck.id);
  await scene.has(next, { state: 'done' });
  assert.equal(await scene.ends('stuck'), 1);
});
