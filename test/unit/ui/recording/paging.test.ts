// The list of recordings as pages arrive, and recordings begin, end and are deleted meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bestFilm,
  isBusy,
  type Listed,
  refreshed,
  withNext,
  without,
} from '../../../../client/ui/recordings/data/paging.ts';
import { nextAfter } from '../../../../client/ui/recordings/data/polling.ts';
import type { RecordingList, RecordingSummary } from '../../../../shared/recording/recording.ts';
import { film, recorded } from '../../../support/browser/recordings/fake-recordings.ts';

const SIZE = 3;

/** The page of a server that has these recordings, newest first. */
function page(all: readonly RecordingSummary[], cursor?: string | null): RecordingList {
  const rest = cursor ? all.filter(({ id }) => id < cursor) : all;
  const recordings = rest.slice(0, SIZE);
  return { recordings, cursor: rest.length > SIZE ? (recordings.at(-1)?.id ?? null) : null };
}

function loaded(all: readonly RecordingSummary[]): Listed {
  let listed: Listed = page(all);
  while (listed.cursor !== null) listed = withNext(listed, page(all, listed.cursor));
  return listed;
}

const ids = (listed: { recordings: readonly RecordingSummary[] }) =>
  listed.recordings.map(({ id }) => id);
const some = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => recorded(from + index));

test('pages follow each other, each recording once', () => {
  const all = some(8);
  assert.deepEqual(ids(loaded(all)), ids({ recordings: all }));
  const [first] = all;
  const twice = withNext(page(all), {
    recordings: [...(first ? [first] : []), ...all.slice(3, 5)],
    cursor: null,
  });
  assert.deepEqual(ids(twice), ids({ recordings: all.slice(0, 5) }));
});

test('a refresh of the first page is true for it, and keeps the pages after it', () => {
  const recordings = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 14 });
  fc.assert(
    fc.property(recordings, recordings, (before, after) => {
      const made = (list: number[]) => list.toSorted((a, b) => a - b).map((each) => recorded(each));
      const old = loaded(made(before));
      const now = made(after);
      const first = page(now);
      const listed = refreshed(old, first);
      // What the server said is there as it said it, and everything is in order and there once.
      assert.deepEqual(ids(listed).slice(0, first.recordings.length), ids(first));
      assert.deepEqual(ids(listed), ids(listed).toSorted().toReversed());
      assert.equal(new Set(ids(listed)).size, listed.recordings.length);
      if (first.cursor === null) assert.deepEqual(ids(listed), ids(first));
    }),
  );
});

test('after a refresh the next page goes on where the list ends', () => {
  const all = some(9);
  const two = withNext(page(all), page(all, page(all).cursor));
  const newer = [recorded(-1), ...all];
  const listed = refreshed(two, page(newer));
  assert.deepEqual(ids(listed), ids({ recordings: newer.slice(0, 7) }));
  assert.deepEqual(ids(withNext(listed, page(newer, listed.cursor))), ids({ recordings: newer }));
});

test('a deleted recording is gone at once', () => {
  const listed = loaded(some(4));
  const [, second] = listed.recordings;
  assert.equal(without(listed, second?.id ?? '')?.recordings.length, 3);
  assert.equal(without(undefined, 'x'), undefined);
});

test('what may change by itself is asked for again', () => {
  assert.ok(!isBusy(recorded(0)));
  assert.ok(isBusy(recorded(0, { state: 'finishing' })));
  for (const state of ['waiting', 'rendering'] as const) {
    assert.ok(isBusy(recorded(0, { films: [film('1', { state })] })));
  }
  for (const state of ['failed', 'cancelled', 'ready'] as const) {
    assert.ok(!isBusy(recorded(0, { films: [film('1', { state })] })));
  }
});

test('of several films the first one with a picture is played', () => {
  const ready = { state: 'ready', progress: 1 } as const;
  const sound = film('1', { ...ready, layout: 'audio', name: 'audio.mp4' });
  const picture = film('2', { ...ready, name: 'grid.mp4' });
  assert.equal(bestFilm(recorded(0, { films: [film('0'), sound, picture] }))?.name, 'grid.mp4');
  assert.equal(bestFilm(recorded(0, { films: [sound] }))?.name, 'audio.mp4');
  assert.equal(bestFilm(recorded(0, { films: [film('0')] })), undefined);
});

test('after failures the page asks ever more rarely', () => {
  const times = { afterMs: () => 4_000, retryMs: 5_000 };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 50].map((failures) => nextAfter(failures, times)),
    [4_000, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000],
  );
  assert.equal(nextAfter(0, { afterMs: () => undefined, retryMs: 5_000 }), undefined);
});
