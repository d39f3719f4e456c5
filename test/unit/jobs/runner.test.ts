// A process that does jobs: begins what waits, and says how it ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hopeless, NotYet } from '../../../server/jobs/next-attempt.ts';
import { until } from '../../support/process/until.ts';
import { RunnerScene, untilStopped } from './runner-scene.ts';

test('what waits is done, one after the other, and its result kept', async (t) => {
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
  const patient = scene.run(async () => 'done', { pollMs: 60_000 });
  const first = await scene.add('one');
  patient.wake();
  await scene.has(first, { state: 'done' });
  scene.run(async () => 'done');
  await scene.has(await scene.add('two'), { state: 'done' });
});

test('what fails is begun again later, and what is hopeless never', async (t) => {
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
  const job = await scene.add('one', { from: 'the future' });
  scene.run(async () => 'done');
  const { problem } = await scene.has(job, { state: 'waiting', attempt: 1 });
  assert.match(problem ?? '', /This release cannot read what is to be done/);
  assert.deepEqual(scene.begun, []);
});

test('a job that ended five processes is given up', async (t) => {
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
  const job = await scene.add('one');
  scene.run(async () => 'x'.repeat(40_000));
  const { problem } = await scene.has(job, { state: 'failed' });
  assert.match(problem ?? '', /The result of a job has 40002 bytes/);
});

test('a job that is cancelled stops, and is not begun again', async (t) => {
  const scene = new RunnerScene(t);
  const job = await scene.add('one');
  scene.run((_, { signal }) => untilStopped(signal), { leaseMs: 300 });
  await scene.has(job, { state: 'running' });
  await scene.store.cancel(job.id);
  await scene.has(job, { state: 'cancelled', problem: null });
  await until('it to be counted', async () => assert.equal(await scene.ends('cancelled'), 1));
  assert.deepEqual(scene.begun, ['one']);
});

test('jobs are counted for the metrics', async (t) => {
  const scene = new RunnerScene(t);
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
  const scene = new RunnerScene(t);
  await scene.add('one');
  const runner = scene.run(async () => 'done', { kinds: {} });
  runner.wake();
  assert.equal(scene.resources.counts().timer, 0);
  await runner.close();
});
