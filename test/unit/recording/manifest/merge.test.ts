// Merging the logs of several recorders: each fact once, in order, whatever each of them saw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { mergeLogs } from '../../../../server/recording/manifest/merge.ts';
import {
  begin,
  end,
  joined,
  left,
  muted,
  published,
  START,
  scenes,
  segment,
  storyOf,
} from './logs.ts';

const types = (lines: readonly ManifestLine[]) => lines.map(({ type }) => type).join(' ');

test('several logs with one that saw everything tell what happened, once', () => {
  fc.assert(
    fc.property(scenes, ({ truth, logs }) => {
      assert.deepEqual(storyOf(mergeLogs(logs)), storyOf(truth));
    }),
  );
});

test('a merge does not depend on the order of the logs', () => {
  fc.assert(
    fc.property(scenes, fc.infiniteStream(fc.nat()), ({ logs }, numbers) => {
      const shuffled = logs
        .map((log) => ({ log, key: numbers.next().value as number }))
        .toSorted((one, other) => one.key - other.key)
        .map(({ log }) => log);
      assert.deepEqual(mergeLogs(shuffled), mergeLogs(logs));
    }),
  );
});

test('a merge that is merged again, alone or with its logs, stays as it is', () => {
  fc.assert(
    fc.property(scenes, fc.nat(), ({ logs }, which) => {
      const merged = mergeLogs(logs);
      assert.deepEqual(mergeLogs([merged]), merged);
      const log = logs[which % logs.length] ?? [];
      assert.deepEqual(storyOf(mergeLogs([merged, log])), storyOf(merged));
    }),
  );
});

test('the lines of a merge never go back in time, and every segment has one end', () => {
  fc.assert(
    fc.property(scenes, ({ logs }) => {
      const merged = mergeLogs(logs);
      for (const [index, line] of merged.entries()) {
        assert.ok(line.at >= (merged[index - 1]?.at ?? -Infinity));
      }
      const files = (type: 'segment' | 'end') =>
        merged.flatMap((line) => (line.type === type ? line.segment : [])).toSorted();
      assert.deepEqual(files('end'), files('segment'));
      assert.equal(new Set(files('segment')).size, files('segment').length);
    }),
  );
});

test('who is not restated by a later recorder left while nobody recorded', () => {
  const first = [
    begin('one'),
    joined(1, START, 3),
    joined(2, START, 3),
    published(2, START + 5, 4),
  ];
  const second = [begin('two', START + 9_000), joined(1, START + 9_000, 9)];
  assert.deepEqual(storyOf(mergeLogs([first, second])), [
    ...storyOf([joined(1, 0, 3), joined(2, 0, 3), published(2, 0, 4)]),
    JSON.stringify({ type: 'unpublished', version: 9, trackId: 'camera-of-2' }),
    ...storyOf([left(2, 0, 9)]),
  ]);
});

test('a restated track that is muted now is a mute that nobody saw', () => {
  const first = [begin('one'), joined(1, START, 3), published(1, START, 3)];
  const second = [
    begin('two', START + 9_000),
    joined(1, START + 9_000, 9),
    published(1, START + 9_000, 9, true),
  ];
  assert.deepEqual(storyOf(mergeLogs([first, second])).at(-1), storyOf([muted(1, 0, 9, true)])[0]);
});

test('the version orders facts, where the clocks of two nodes do not', () => {
  const ahead = [
    begin('one', START - 500),
    joined(1, START + 150, 4),
    published(1, START + 160, 5),
  ];
  const behind = [begin('two', START - 500), muted(1, START + 20, 6, true), left(1, START + 40, 7)];
  const merged = mergeLogs([behind, ahead]);
  assert.equal(types(merged), 'begin begin joined published muted left');
  assert.equal(merged.at(-1)?.at, START + 160);
});

test('a segment without an end is lost, as long as what is known of it', () => {
  const log = [begin('one'), segment(1, START, 'a.webm')];
  const clock: ManifestLine = {
    ...{
      type: 'clock',
      at: START + 4_100,
      segment: 'a.webm',
      mediaMs: 4_000,
      utcMs: START + 4_000,
    },
  };
  const lost = mergeLogs([[...log, clock]]);
  assert.deepEqual(lost.at(-1), {
    ...{ type: 'end', at: START + 4_100, segment: 'a.webm', why: 'lost' },
    ...{ durationMs: 4_000, bytes: 0 },
  });
  const found = new Map([['a.webm', { durationMs: 5_500, bytes: 77 }]]);
  const probed = mergeLogs([lost], found).at(-1);
  assert.deepEqual(probed?.type === 'end' && [probed.durationMs, probed.bytes, probed.why], [
    5_500,
    77,
    'lost',
  ]);
});

test('the end that a recorder wrote is truer than one that was guessed', () => {
  const log = [begin('one'), segment(1, START, 'a.webm')];
  const guessed = mergeLogs([log]);
  const real = end('a.webm', START + 3_000, 2_900);
  assert.deepEqual(mergeLogs([guessed, [...log, real]]).at(-1), real);
});
