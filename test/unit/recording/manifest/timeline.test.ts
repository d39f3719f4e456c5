// Timelines, gaps and summaries, of manifests that are merged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitClock } from '../../../../server/recording/manifest/clock-fit.ts';
import { gapsOf } from '../../../../server/recording/manifest/gaps.ts';
import { common, union, without } from '../../../../server/recording/manifest/intervals.ts';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { mergeLogs } from '../../../../server/recording/manifest/merge.ts';
import { summaryOf } from '../../../../server/recording/manifest/summary.ts';
import { timelineOf } from '../../../../server/recording/manifest/timeline.ts';
import {
  begin,
  end,
  joined,
  left,
  muted,
  personId,
  published,
  START,
  scenes,
  segment,
} from './logs.ts';

const intervals = fc.array(
  fc.tuple(fc.nat(60), fc.nat(20)).map(([from, length]) => ({ from, to: from + length })),
  { maxLength: 8 },
);
const points = Array.from({ length: 90 }, (_, index) => index + 0.5);
const has = (set: readonly { from: number; to: number }[], at: number) =>
  set.some(({ from, to }) => from <= at && at < to);

test('sets of intervals are what they are point by point', () => {
  fc.assert(
    fc.property(intervals, intervals, (one, other) => {
      for (const at of points) {
        assert.equal(has(union(one), at), has(one, at));
        assert.equal(has(without(one, other), at), has(one, at) && !has(other, at));
        assert.equal(has(common(one, other), at), has(one, at) && has(other, at));
      }
    }),
  );
});

test('a clock that drifts is followed to the millisecond for eight hours', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -300, max: 300 }),
      fc.integer({ min: 20, max: 28_800 }),
      fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
      (ppm, seconds, noise) => {
        const rate = 1 + ppm / 1e6;
        const lines = Array.from({ length: Math.min(seconds, 2_000) }, (_, index) => {
          const mediaMs = (index * seconds * 1_000) / Math.min(seconds, 2_000);
          return { mediaMs, utcMs: START + rate * mediaMs + (noise.next().value as number) };
        });
        const fitted = fitClock(START + 400, lines);
        for (const mediaMs of [0, seconds * 500, seconds * 1_000]) {
          const off = fitted.zeroMs + fitted.rate * mediaMs - (START + rate * mediaMs);
          assert.ok(Math.abs(off) < 3, `${off} ms at ${mediaMs}`);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a few reports that are wrong do not move a clock', () => {
  const lines = Array.from({ length: 60 }, (_, index) => ({
    mediaMs: index * 1_000,
    utcMs: START + index * 1_000 + (index % 9 === 4 ? 700 : 0),
  }));
  const { zeroMs, rate } = fitClock(START, lines);
  assert.ok(Math.abs(zeroMs + rate * 60_000 - START - 60_000) < 1);
});

test('the first guess counts only until the sender’s clock is known, whose newest reports are the truest', () => {
  assert.deepEqual(fitClock(START + 90, []), { zeroMs: START + 90, rate: 1 });
  const early = [80, 5, 4, 5, 6, 5].map((off, index) => ({
    mediaMs: index * 1_000,
    utcMs: START + index * 1_000 + off,
  }));
  assert.deepEqual(fitClock(START + 90, early), { zeroMs: START + 5, rate: 1 });
});

const stopped = (at: number): ManifestLine => ({ type: 'stopped', at, version: 99 });
const person = [begin('one'), joined(1, START, 1), published(1, START, 1)];

test('a later epoch takes over where it begins', () => {
  const lines = mergeLogs([
    [
      ...person,
      segment(1, START, 'a.webm'),
      end('a.webm', START + 6_000, 6_000),
      segment(1, START + 5_000, 'b.webm', { epoch: 2 }),
      end('b.webm', START + 10_000, 5_000),
      stopped(START + 10_000),
    ],
  ]);
  const [track] = timelineOf(lines).tracks;
  assert.deepEqual(
    track?.segments.map(({ file, shownFrom, shownTo }) => [
      file,
      shownFrom - START,
      shownTo - START,
    ]),
    [
      ['a.webm', 0, 5_000],
      ['b.webm', 5_000, 10_000],
    ],
  );
  assert.deepEqual(gapsOf(lines), []);
});

test('presence, mutes and pauses are intervals within the recording', () => {
  const lines = mergeLogs([
    [
      ...person,
      muted(1, START + 2_000, 2, true),
      muted(1, START + 3_000, 3, false),
      { type: 'paused', at: START + 4_000, version: 4, paused: true },
      { type: 'paused', at: START + 5_000, version: 5, paused: false },
      joined(2, START + 5_500, 6),
      left(1, START + 6_000, 7),
      left(2, START + 7_000, 8),
    ],
  ]);
  const timeline = timelineOf(lines);
  const relative = (set: readonly { from: number; to: number }[]) =>
    set.map(({ from, to }) => [from - START, to - START]);
  assert.equal(timeline.endMs, START + 7_000);
  assert.ok(timeline.stopped);
  assert.deepEqual(relative(timeline.pauses), [[4_000, 5_000]]);
  assert.deepEqual(
    timeline.participants.map(({ present }) => relative(present)),
    [[[0, 6_000]], [[5_500, 7_000]]],
  );
  assert.deepEqual(relative(timeline.tracks[0]?.muted ?? []), [[2_000, 3_000]]);
  assert.deepEqual(relative(timeline.tracks[0]?.published ?? []), [[0, 6_000]]);
});

test('the loudest of each node come first', () => {
  const speakers = (at: number, origin: string, ...people: number[]): ManifestLine => ({
    ...{ type: 'speakers', at: START + at, origin, participantIds: people.map(personId) },
  });
  const lines = mergeLogs([
    [...person, speakers(1, 'a', 1, 2), speakers(2, 'b', 3), speakers(3, 'a')],
  ]);
  assert.deepEqual(
    timelineOf(lines).speakers.map(({ participantIds }) => participantIds),
    [[1, 2], [1, 3, 2], [3]].map((people) => people.map(personId)),
  );
});

interface GapCase {
  name: string;
  lines: ManifestLine[];
  /** From, to, why. */
  gaps: [number, number, string][];
}

const whole = [segment(1, START, 'a.webm'), end('a.webm', START + 9_000, 9_000)];
const part = [segment(1, START, 'a.webm'), end('a.webm', START + 4_000, 4_000, 'lost')];
const again = [segment(1, START + 5_500, 'b.webm'), end('b.webm', START + 9_000, 3_500)];
const GAPS: GapCase[] = [
  { name: 'nothing is missing', lines: whole, gaps: [] },
  { name: 'a recorder was gone', lines: [...part, ...again], gaps: [[4_000, 5_500, 'lost']] },
  {
    name: 'it is known already',
    lines: [
      ...part,
      ...again,
      {
        ...{ type: 'gap', at: START + 5_500, trackId: 'camera-of-1', participantId: personId(1) },
        ...{ from: START + 4_000, to: START + 5_500, why: 'silent' },
      },
    ],
    gaps: [],
  },
  {
    name: 'a mute is no gap',
    lines: [...part, ...again, muted(1, START + 4_100, 2, true), muted(1, START + 5_400, 3, false)],
    gaps: [],
  },
  {
    name: 'a pause is no gap',
    lines: [
      ...part,
      ...again,
      { type: 'paused', at: START + 4_000, version: 2, paused: true },
      { type: 'paused', at: START + 5_400, version: 3, paused: false },
    ],
    gaps: [],
  },
  {
    name: 'the first key frame takes a moment',
    lines: [segment(1, START + 900, 'a.webm'), end('a.webm', START + 9_000, 8_100)],
    gaps: [],
  },
  { name: 'nothing was recorded', lines: [], gaps: [[0, 9_000, 'lost']] },
  {
    name: 'nobody is recorded who has not agreed',
    lines: [
      { type: 'consent', at: START, version: 1, participantId: personId(1), consent: false },
      { type: 'consent', at: START + 5_000, version: 2, participantId: personId(1), consent: true },
      ...again,
    ],
    gaps: [],
  },
  {
    name: 'the disk was full',
    lines: [segment(1, START, 'a.webm'), end('a.webm', START + 4_000, 4_000, 'disk')],
    gaps: [[4_000, 9_000, 'disk']],
  },
  {
    name: 'the sender was gone before anybody knew',
    lines: [segment(1, START, 'a.webm'), end('a.webm', START + 4_000, 4_000)],
    gaps: [[4_000, 9_000, 'silent']],
  },
];

for (const { name, lines, gaps } of GAPS) {
  test(`gaps: ${name}`, () => {
    const merged = mergeLogs([[...person, ...lines, stopped(START + 9_000)]]);
    const found = gapsOf(merged);
    assert.deepEqual(
      found.map(({ from, to, why }) => [from - START, to - START, why]),
      gaps,
    );
    assert.deepEqual(gapsOf(mergeLogs([[...merged, ...found]])), []);
  });
}

test('whatever was recorded, gaps are found once', () => {
  fc.assert(
    fc.property(scenes, ({ logs }) => {
      const merged = mergeLogs(logs);
      assert.deepEqual(gapsOf(mergeLogs([[...merged, ...gapsOf(merged)]])), []);
    }),
  );
});

test('a summary has files with names and sizes, and gaps', () => {
  const merged = mergeLogs([[...person, ...part, ...again, stopped(START + 9_000)]]);
  const withGaps = mergeLogs([[...merged, ...gapsOf(merged)]]);
  const summary = summaryOf(withGaps, new Map([['b.webm', 123]]));
  assert.deepEqual(summary, {
    id: '20261128T184512Z-h7q2m9x4kd',
    room: 'board',
    startedAt: START,
    endedAt: START + 9_000,
    participants: ['Person 1'],
    bytes: 400_123,
    files: [
      {
        name: 'a.webm',
        kind: 'video',
        source: 'camera',
        participant: 'Person 1',
        codec: 'video/VP8',
        startedAt: START,
        durationMs: 4_000,
        bytes: 400_000,
      },
      {
        name: 'b.webm',
        kind: 'video',
        source: 'camera',
        participant: 'Person 1',
        codec: 'video/VP8',
        startedAt: START + 5_500,
        durationMs: 3_500,
        bytes: 123,
      },
    ],
    gaps: [
      {
        participant: 'Person 1',
        source: 'camera',
        from: START + 4_000,
        to: START + 5_500,
        why: 'lost',
      },
    ],
  });
  assert.equal(summaryOf(person)?.endedAt, null);
  assert.equal(summaryOf([]), undefined);
});
