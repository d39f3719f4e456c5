// Jobs: added once, taken by one process at a time, ended by whoever has the newest fence.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  JOB_DATA_BYTES,
  JOB_LIMITS,
  JOBS_LISTED,
  type JobLease,
  type JobStore,
  type NewJob,
} from '../../../server/cluster/jobs.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, refusal } from './cluster-test.ts';

/** Longer than any test waits. */
const LONG_MS = 60_000;
const FILM: NewJob = { kind: 'film', key: 'one', payload: { layout: 'grid', tracks: [] } };
const film = (key: string, more: Partial<NewJob> = {}): NewJob => ({ ...FILM, key, ...more });
const FEW = { ...JOB_LIMITS, maxUnfinished: 3, keptPerKind: 2 };

export async function taken(jobs: JobStore, kind = 'film', leaseMs = LONG_MS): Promise<JobLease> {
  const lease = await jobs.take([kind], leaseMs);
  assert.ok(lease, 'there was none to take');
  return lease;
}

/** Taken for so short a time that it has passed. */
async function takenAndLost(jobs: JobStore): Promise<JobLease> {
  const lease = await taken(jobs, 'film', 1);
  await sleep(5);
  return lease;
}

export function jobsContract(promises: ClusterTest): void {
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

  promises('jobs are listed by kind and the beginning of their keys', async ({ a, b }) => {
    for (const key of ['room/b', 'room/a', 'room', 'other', 'room|x', 'rooms/c', 'room/ÿ🎈']) {
      await a.jobs.add(film(key));
      // A millisecond each, for the order to be theirs.
      await sleep(2);
    }
    await a.jobs.add({ ...FILM, kind: 'film-x', key: 'room/d' });
    const keys = async (prefix: string) =>
      (await b.jobs.list('film', prefix)).map(({ key }) => key);
    assert.deepEqual(await keys('room/'), ['room/ÿ🎈', 'room/a', 'room/b']);
    assert.deepEqual(await keys('room|'), ['room|x']);
    assert.deepEqual((await keys('')).length, 7);
    assert.deepEqual(await keys('nothing'), []);
    await a.jobs.finish(await taken(a.jobs), { done: 1 });
    assert.equal((await keys('')).length, 7);
  });

  promises('a list has a bound', async ({ a, b }) => {
    const add = (n: number) => a.jobs.add(film(`film-${n}`));
    await Promise.all(Array.from({ length: JOBS_LISTED + 5 }, (_, n) => add(n)));
    assert.equal((await b.jobs.list('film', '')).length, JOBS_LISTED);
  });

  promises('jobs are counted by kind and state', async ({ a, b }) => {
    assert.deepEqual(await a.jobs.counts(), []);
    for (const key of ['one', 'two', 'three', 'four', 'five']) await a.jobs.add(film(key));
    await a.jobs.add({ ...FILM, kind: 'other' });
    await a.jobs.finish(await taken(a.jobs), { done: 1 });
    await a.jobs.finish(await taken(a.jobs), { failed: 'no' });
    await a.jobs.finish(await taken(a.jobs), { failed: 'no', again: LONG_MS });
    await taken(a.jobs);
    const counts = (await b.jobs.counts()).map(({ kind, state, count }) =>
      [kind, state, count].join(' '),
    );
    const expected = ['film done 1', 'film failed 1', 'film running 1', 'film waiting 2'];
    assert.deepEqual(counts.sort(), [...expected, 'other waiting 1']);
  });

  promises(
    'more unfinished jobs than there may be are refused',
    async ({ a, b }) => {
      for (const key of ['one', 'two', 'three']) await a.jobs.add(film(key));
      await taken(a.jobs);
      assert.equal(await refusal(b.jobs.add(film('four'))), 'no_capacity');
      assert.equal(await refusal(b.jobs.add({ ...FILM, kind: 'other' })), 'no_capacity');
      // One that is there costs nothing.
      assert.equal((await b.jobs.add(film('two'))).key, 'two');
      await a.jobs.finish(await taken(a.jobs), { failed: 'no' });
      assert.equal((await b.jobs.add(film('four'))).state, 'waiting');
    },
    { jobs: FEW },
  );

  promises(
    'of the jobs that ended the newest of each kind are kept',
    async ({ a, b }) => {
      const other = await a.jobs.add({ ...FILM, kind: 'other' });
      await a.jobs.cancel(other.id);
      for (const key of ['one', 'two', 'three', 'four']) {
        await a.jobs.add(film(key));
        await a.jobs.finish(await taken(a.jobs), { done: key });
        await sleep(2);
      }
      const kept = (await b.jobs.list('film', '')).map(({ key, result }) => [key, result]);
      assert.deepEqual(kept, [
        ['four', 'four'],
        ['three', 'three'],
      ]);
      assert.equal((await b.jobs.get(other.id))?.state, 'cancelled');
      const counts = await b.jobs.counts();
      assert.deepEqual(
        counts.find(({ state }) => state === 'done'),
        { kind: 'film', state: 'done', count: 2 },
      );
    },
    { jobs: FEW },
  );

  promises(
    'jobs that ended are kept for a while',
    async ({ a, b }) => {
      const [one, two] = [await a.jobs.add(film('one')), await a.jobs.add(film('two'))];
      await a.jobs.cancel(one.id);
      await until('it to be forgotten', async () => {
        assert.equal(await b.jobs.get(one.id), undefined);
      });
      assert.deepEqual(
        (await b.jobs.list('film', '')).map(({ id }) => id),
        [two.id],
      );
      await a.jobs.finish(await taken(a.jobs), { done: 1 });
      await until('nothing to be left', async () => {
        await b.jobs.list('film', '');
        assert.deepEqual(await b.jobs.counts(), []);
      });
    },
    { jobs: { ...JOB_LIMITS, keepMs: 200 } },
  );

  promises('data that is too large, and what is no job, is refused', async ({ a }) => {
    const large = 'x'.repeat(JOB_DATA_BYTES - 2);
    assert.equal((await a.jobs.add(film('fits', { payload: large }))).payload, large);
    const larger = film('larger', { payload: `${large}x` });
    assert.equal(await refusal(a.jobs.add(larger)), 'message_too_large');
    const lease = await taken(a.jobs);
    assert.equal(await refusal(a.jobs.finish(lease, { done: `${large}ü` })), 'message_too_large');
    assert.equal(await a.jobs.finish(lease, { done: undefined }), true);
    assert.equal((await a.jobs.get(lease.job.id))?.result, null);
    for (const wrong of [
      film('x'.repeat(513)),
      film('a\nb'),
      { ...FILM, kind: 'a|b' },
      { ...FILM, kind: '' },
      film('never', { notBefore: Number.NaN }),
      film('never', { notBefore: -1 }),
    ]) {
      await assert.rejects(a.jobs.add(wrong), RangeError);
    }
  });
}
