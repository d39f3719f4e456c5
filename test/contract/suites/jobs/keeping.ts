// Which jobs there are: listed, counted, kept for a while, and with a bound.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOB_DATA_BYTES, JOB_LIMITS, JOBS_LISTED } from '../../../../server/cluster/jobs.ts';
import { until } from '../../../support/process/until.ts';
import { type ClusterTest, refusal } from '../cluster-test.ts';
import { FILM, film, LONG_MS, taken } from './fixtures.ts';

const FEW = { ...JOB_LIMITS, maxUnfinished: 3, keptPerKind: 2 };

export function jobKeepingContract(promises: ClusterTest): void {
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
