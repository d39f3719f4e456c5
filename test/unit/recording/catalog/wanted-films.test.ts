// A film that was ordered is made, also when the cluster forgets its job; one that was given up is not made again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createMemoryCluster } from '../../../../server/cluster/memory/memory.ts';
import { Catalog } from '../../../../server/recording/catalog/catalog.ts';
import {
  FILM_JOB,
  type FilmPayload,
  filmJobKey,
} from '../../../../server/recording/catalog/film-job.ts';
import { WantedFilms } from '../../../../server/recording/catalog/wanted-films.ts';
import { WantedWatch } from '../../../../server/recording/rendering/wanted-watch.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { MemoryStore } from '../../../support/recording/memory-store.ts';
import { putRecording, readyEntry } from '../../../support/recording/recordings.ts';

const LEASE_MS = 10_000;
const log = createLogger('silent');

function setUp(t: TestContext) {
  const store = new MemoryStore();
  const wanted = new WantedFilms(store);
  const resources = new Resources();
  /** A cluster that knows nothing of before. */
  const emptyJobs = () => {
    const cluster = createMemoryCluster({
      ...{ chatHistory: 1, patchHistory: 1, sessionLeaseMs: 10_000, onListenerError: () => {} },
    });
    t.after(() => cluster.close());
    return cluster.jobs;
  };
  const look = async (jobs: ReturnType<typeof emptyJobs>) => {
    const watch = new WantedWatch({ wanted, jobs, resources, log });
    // It waits for the look with which it begins.
    await watch.close();
    return jobs.list(FILM_JOB, '');
  };
  return { store, wanted, emptyJobs, look, resources };
}

const entry = readyEntry();
const film = (layout: 'grid' | 'audio'): FilmPayload => ({
  ...{ recording: entry.id, room: entry.room, order: { layout, format: 'mp4', chat: false } },
});

test('a film whose job was forgotten is ordered again, as it was; and only once', async (t) => {
  const { wanted, emptyJobs, look, resources } = setUp(t);
  await wanted.add(film('grid'));
  await wanted.add(film('audio'));
  await wanted.add(film('grid'));
  const jobs = emptyJobs();
  for (let times = 0; times < 2; times += 1) {
    const found = await look(jobs);
    assert.deepEqual(
      found.map(({ key, state, payload }) => ({ key, state, payload })).reverse(),
      [film('audio'), film('grid')].map((payload) => ({
        key: filmJobKey(entry.id, payload.order.layout, 'mp4'),
        ...{ state: 'waiting', payload },
      })),
    );
  }
  assert.equal(resources.counts().timer, 0);
});

for (const { became, outcome } of [
  { became: 'made', outcome: { done: { name: 'grid-1.mp4', bytes: 1 } } },
  { became: 'given up', outcome: { failed: 'There is no ffmpeg.' } },
] as const) {
  test(`a film that was ${became} is not wanted any more`, async (t) => {
    const { wanted, emptyJobs, look } = setUp(t);
    await wanted.add(film('grid'));
    const jobs = emptyJobs();
    await look(jobs);
    const lease = await jobs.take([FILM_JOB], LEASE_MS);
    assert.ok(lease);
    await look(jobs);
    assert.deepEqual(await wanted.all(), [film('grid')], 'it is being made');
    await jobs.finish(lease, outcome);
    await look(jobs);
    assert.deepEqual(await wanted.all(), []);
    assert.deepEqual(await look(emptyJobs()), []);
  });
}

test('what is wanted is no recording, and what cannot be read is left alone', async (t) => {
  const { store, wanted, emptyJobs, look } = setUp(t);
  putRecording(store, entry);
  await wanted.add(film('grid'));
  const [key = ''] = [...store.objects.keys()].filter((each) => each.includes('~grid'));
  store.put(key.replace('grid', 'speaker'), String(store.objects.get(key)?.bytes));
  store.put(key.replace('grid', 'screen'), '{');
  const { entries } = await new Catalog(store, { log }).list({ limit: 10 });
  assert.deepEqual(
    entries.map(({ id }) => id),
    [entry.id],
  );
  assert.equal((await look(emptyJobs())).length, 1);
});
