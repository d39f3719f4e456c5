// Jobs: added once, taken by one process at a time, ended by whoever has the newest fence.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterTest } from '../cluster-test.ts';
import { FILM, film, LONG_MS, taken, takenAndLost } from './fixtures.ts';

export function jobAttemptsContract(promises: ClusterTest): void {
  promises('a job is taken with all that was said of it, by one process', async ({ a, b }) => {
    const payload = { text: '[] {} | "quoted" \\ ü 🎈\n', list: [], large: 99_999_999_999_999 };
    const added = await a.jobs.add(film('a|b 🎈', { payload }));
    assert.deepEqual(
      { ...added, id: '', createdAt: 0, updatedAt: 0, notBefore: 0 },
      {
        ...{ id: '', kind: 'film', key: 'a|b 🎈', payload, state: 'waiting', attempt: 0 },
        ...{ createdAt: 0, updatedAt: 0, notBefore: 0, progress: 0, result: null, problem: null },
      },
    );
    assert.equal(added.notBefore, added.createdAt);
    const { job, fence } = await taken(b.jobs);
    assert.equal(fence, 1);
    assert.deepEqual(
      { ...job, updatedAt: 0 },
      { ...added, state: 'running', attempt: 1, updatedAt: 0 },
    );
    assert.equal(await a.jobs.take(['film'], LONG_MS), undefined);
    assert.deepEqual(await b.jobs.get(job.id), job);
    assert.equal(await a.jobs.get('another'), undefined);
  });

  promises('of many who take at once, each gets another job', async ({ a, b }) => {
    await Promise.all(Array.from({ length: 8 }, (_, n) => a.jobs.add(film(`film-${n}`))));
    const leases = await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 ? a : b).jobs.take(['film'], LONG_MS)),
    );
    const ids = leases.flatMap((lease) => (lease ? [lease.job.id] : []));
    assert.deepEqual([ids.length, new Set(ids).size], [8, 8]);
  });

  promises('an unfinished job of a kind and key is not added again', async ({ a, b }) => {
    const added = await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 ? a : b).jobs.add(FILM)),
    );
    assert.equal(new Set(added.map(({ id }) => id)).size, 1);
    const other = await b.jobs.add({ ...FILM, kind: 'other' });
    assert.notEqual(other.id, added[0]?.id);
    const lease = await taken(a.jobs);
    assert.equal((await b.jobs.add(FILM)).state, 'running');
    assert.equal(await a.jobs.finish(lease, { done: { file: 'film.mp4' } }), true);
    const again = await b.jobs.add(FILM);
    assert.notEqual(again.id, lease.job.id);
    assert.equal(again.state, 'waiting');
  });

  promises('jobs are taken in the order of their times, and not before', async ({ a, b }) => {
    const { createdAt: now } = await a.jobs.add(film('now'));
    await a.jobs.add(film('later', { notBefore: now + LONG_MS }));
    await a.jobs.add(film('earlier', { notBefore: now - 1_000 }));
    await a.jobs.add(film('earliest', { notBefore: 0 }));
    await a.jobs.add(film('other', { kind: 'other', notBefore: 0 }));
    const order: string[] = [];
    for (let n = 0; n < 3; n++) order.push((await taken(n % 2 ? a.jobs : b.jobs)).job.key);
    assert.deepEqual(order, ['earliest', 'earlier', 'now']);
    assert.equal(await a.jobs.take(['film'], LONG_MS), undefined);
    assert.equal(await a.jobs.take([], LONG_MS), undefined);
    assert.equal((await b.jobs.take(['film', 'other'], LONG_MS))?.job.key, 'other');
  });

  promises('a job that waits long is found behind many of other kinds', async ({ a, b }) => {
    await Promise.all(
      Array.from({ length: 250 }, (_, n) =>
        a.jobs.add({ kind: 'other', key: `${n}`, payload: null, notBefore: 0 }),
      ),
    );
    await a.jobs.add(FILM);
    assert.equal((await taken(b.jobs)).job.key, 'one');
  });

  promises('what a process says of its job is kept while it has it', async ({ a, b }) => {
    await a.jobs.add(FILM);
    const lease = await taken(a.jobs);
    const said = [0.25, 7, -1, Number.NaN];
    const kept: (number | undefined)[] = [];
    for (const progress of said) {
      assert.equal(await a.jobs.renew(lease, LONG_MS, progress), 'held');
      kept.push((await b.jobs.get(lease.job.id))?.progress);
    }
    assert.deepEqual(kept, [0.25, 1, 0, 0]);
    await a.jobs.renew(lease, LONG_MS, 0.5);
    assert.equal(await a.jobs.finish(lease, { done: { parts: [] } }), true);
    const done = await b.jobs.get(lease.job.id);
    assert.deepEqual(
      [done?.state, done?.progress, done?.result, done?.problem],
      ['done', 1, { parts: [] }, null],
    );
    assert.equal(await b.jobs.renew(lease, LONG_MS, 0), 'lost');
  });

  promises('a job whose lease ran out is taken by another, and lost to the first', async (pair) => {
    const { a, b } = pair;
    await a.jobs.add(FILM);
    const first = await takenAndLost(a.jobs);
    const second = await taken(b.jobs);
    assert.deepEqual(
      [second.job.id, second.fence, second.job.attempt],
      [first.job.id, first.fence + 1, 2],
    );
    assert.equal(await a.jobs.renew(first, LONG_MS, 0.9), 'lost');
    assert.equal(await a.jobs.finish(first, { done: 'of the first' }), false);
    assert.equal(await b.jobs.finish(second, { done: 'of the second' }), true);
    assert.equal((await a.jobs.get(first.job.id))?.result, 'of the second');
    assert.equal(await a.jobs.finish(first, { failed: 'late' }), false);
  });

  promises('a lease that ran out holds again when nobody took the job', async ({ a, b }) => {
    await a.jobs.add(FILM);
    const lease = await takenAndLost(a.jobs);
    assert.equal(await a.jobs.renew(lease, LONG_MS, 0.5), 'held');
    assert.equal(await b.jobs.take(['film'], LONG_MS), undefined);
    await a.jobs.renew(lease, 1, 0.5);
    await sleep(5);
    assert.equal(await a.jobs.finish(lease, { done: null }), true);
  });

  promises('what failed waits for its time, or has ended', async ({ a, b }) => {
    await a.jobs.add(FILM);
    const first = await taken(a.jobs);
    const again = first.job.updatedAt + LONG_MS;
    await a.jobs.renew(first, LONG_MS, 0.5);
    assert.equal(await a.jobs.finish(first, { failed: 'The disk is full.', again }), true);
    const waiting = await b.jobs.get(first.job.id);
    assert.deepEqual(
      [waiting?.state, waiting?.notBefore, waiting?.problem, waiting?.attempt, waiting?.progress],
      ['waiting', again, 'The disk is full.', 1, 0],
    );
    assert.equal(await b.jobs.take(['film'], LONG_MS), undefined);
    await b.jobs.cancel(first.job.id);
    await a.jobs.add(FILM);
    const second = await taken(b.jobs);
    assert.equal(await b.jobs.finish(second, { failed: 'x'.repeat(5_000) }), true);
    const failed = await a.jobs.get(second.job.id);
    assert.deepEqual([failed?.state, failed?.problem?.length], ['failed', 1_000]);
    assert.equal(await a.jobs.take(['film'], LONG_MS), undefined);
  });

  promises('an attempt that could not begin yet does not count', async ({ a, b }) => {
    await a.jobs.add(FILM);
    for (const n of [1, 2, 3]) {
      const lease = await taken(n % 2 ? a.jobs : b.jobs);
      assert.deepEqual([lease.job.attempt, lease.fence], [1, n]);
      assert.equal(await a.jobs.finish(lease, { wait: lease.job.notBefore }), true);
    }
    const lease = await taken(b.jobs);
    const wait = lease.job.updatedAt + LONG_MS;
    await b.jobs.finish(lease, { wait });
    assert.equal(await a.jobs.take(['film'], LONG_MS), undefined);
    const { state, attempt, notBefore, problem } = (await a.jobs.list('film', ''))[0] ?? {};
    assert.deepEqual([state, attempt, notBefore, problem], ['waiting', 0, wait, null]);
  });

  promises('a waiting job that is cancelled ends at once', async ({ a, b }) => {
    const { id } = await a.jobs.add(FILM);
    assert.equal((await b.jobs.cancel(id))?.state, 'cancelled');
    assert.equal((await b.jobs.cancel(id))?.state, 'cancelled');
    assert.equal(await a.jobs.take(['film'], LONG_MS), undefined);
    assert.notEqual((await a.jobs.add(FILM)).id, id);
    assert.equal(await a.jobs.cancel('another'), undefined);
  });

  promises('a running job that is cancelled ends when its process learns it', async ({ a, b }) => {
    const { id } = await a.jobs.add(FILM);
    const lease = await taken(a.jobs);
    assert.equal((await b.jobs.cancel(id))?.state, 'running');
    assert.equal(await a.jobs.renew(lease, LONG_MS, 0.5), 'cancelled');
    assert.equal(await a.jobs.renew(lease, LONG_MS, 0.5), 'cancelled');
    const again = lease.job.updatedAt;
    assert.equal(await a.jobs.finish(lease, { failed: 'It was cancelled.', again }), true);
    const ended = await b.jobs.get(id);
    assert.deepEqual([ended?.state, ended?.problem], ['cancelled', null]);
    assert.equal(await b.jobs.take(['film'], LONG_MS), undefined);
  });

  promises('what was done before its cancel was known is done', async ({ a, b }) => {
    const { id } = await a.jobs.add(FILM);
    const lease = await taken(a.jobs);
    await b.jobs.cancel(id);
    assert.equal(await a.jobs.finish(lease, { done: 1 }), true);
    assert.equal((await b.jobs.cancel(id))?.state, 'done');
  });

  promises('a job that is to stop ends with its process', async ({ a, b }) => {
    const { id } = await a.jobs.add(FILM);
    const lease = await taken(a.jobs);
    await b.jobs.cancel(id);
    await a.jobs.renew(lease, 1, 0);
    await sleep(5);
    await b.jobs.add(film('two'));
    // In the same step the next one is taken.
    assert.equal((await taken(b.jobs)).job.key, 'two');
    assert.equal((await b.jobs.get(id))?.state, 'cancelled');
    assert.equal(await a.jobs.finish(lease, { done: 1 }), false);
    assert.equal(await a.jobs.renew(lease, LONG_MS, 0), 'lost');
  });

  promises('a job whose process is gone is cancelled at once', async ({ a, b }) => {
    await a.jobs.add(FILM);
    const lease = await takenAndLost(a.jobs);
    assert.equal((await b.jobs.cancel(lease.job.id))?.state, 'cancelled');
    assert.equal(await a.jobs.renew(lease, LONG_MS, 0), 'lost');
    assert.equal(await a.jobs.finish(lease, { done: 1 }), false);
    assert.equal((await b.jobs.get(lease.job.id))?.state, 'cancelled');
  });
}
