// The curves of the operator's page, from samples to lines.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  linePath,
  niceTop,
  someOf,
  stackedPaths,
  WINDOW_MS,
} from '../../../client/ui/admin/charts/curve.ts';
import {
  endOf,
  pathPoints,
  recent,
  relayedPoints,
  serverPoints,
  serversIn,
} from '../../../client/ui/admin/charts/history.ts';
import type { TurnSample } from '../../../shared/api/admin.ts';

describe('curves', () => {
  const now = WINDOW_MS;
  const frame = { width: 360, height: 100, now, top: 10 };
  /** A point ten seconds is one unit of the width. */
  const at = (unit: number) => unit * 10_000;

  test('a line goes from left to right, and up with the value', () => {
    const points = [
      { at: at(0), value: 0 },
      { at: at(1), value: 5 },
      { at: at(2), value: 10 },
    ];
    assert.equal(linePath(points, frame), 'M0 100L1 50L2 0');
  });
  test('it is broken where nothing is known, and where nobody took samples', () => {
    const points = [
      { at: at(0), value: 5 },
      { at: at(1), value: null },
      { at: at(2), value: 5 },
      { at: at(3), value: 5 },
      { at: at(30), value: 5 },
    ];
    assert.equal(linePath(points, frame), 'M0 50h1M2 50L3 50M30 50h1');
  });
  test('where samples are taken seldom, it is not broken between them', () => {
    const points = [0, 6, 12, 18].map((unit) => ({ at: at(unit), value: 5 }));
    assert.equal(linePath(points, frame), 'M0 50L6 50L12 50L18 50');
  });
  test('what is older than the window, or above the edge, stays at the edge', () => {
    assert.equal(linePath([{ at: -5e6, value: 99 }], frame), 'M0 0h1');
    assert.equal(linePath([], frame), '');
  });
  test('areas lie on top of each other', () => {
    const rows = [
      [2, 4],
      [3, 0],
    ];
    assert.deepEqual(stackedPaths([at(0), at(1)], rows, frame), [
      'M0 80L1 60L1 100L0 100Z',
      'M0 50L1 60L1 60L0 80Z',
    ]);
  });
  test('the upper edge is a number that people know', () => {
    const CASES: [(number | null)[], number][] = [
      [[], 1],
      [[null, 0], 1],
      [[3], 5],
      [[10], 10],
      [[11, 7], 20],
      [[430_000], 500_000],
    ];
    for (const [values, top] of CASES) assert.equal(niceTop(values), top);
  });
  test('a table has a few of many rows, the first and the newest among them', () => {
    const all = Array.from({ length: 360 }, (_, index) => index);
    const some = someOf(all, 13);
    assert.deepEqual([some.length, some[0], some.at(-1)], [13, 0, 359]);
    assert.deepEqual(someOf([1, 2], 13), [1, 2]);
  });
});

const SAMPLE: TurnSample = {
  at: 10,
  paths: { direct: 6, relay: 2, none: 0, unknown: 5 },
  servers: {
    a: { sessions: 3, relayed: 1, allocations: 4, explained: 12, bitrate: null },
    b: { sessions: 1, relayed: 1, allocations: null, explained: 4, bitrate: null },
  },
};

test('samples become points, of all servers or of one', () => {
  const values = (points: { value: number | null }[]) => points.map(({ value }) => value);
  const history = [SAMPLE];
  assert.deepEqual(values(pathPoints(history, 'relay')), [2]);
  assert.deepEqual(values(relayedPoints(history)), [0.25]);
  assert.deepEqual(values(serverPoints(history, undefined, ({ explained }) => explained)), [16]);
  assert.deepEqual(values(serverPoints(history, undefined, ({ allocations }) => allocations)), [4]);
  assert.deepEqual(values(serverPoints(history, 'b', ({ allocations }) => allocations)), [null]);
  assert.deepEqual(values(serverPoints(history, 'gone', ({ explained }) => explained)), [null]);
  assert.deepEqual(serversIn([...history, { ...SAMPLE, servers: {} }]), ['a', 'b']);
  const old = { ...SAMPLE, at: SAMPLE.at - WINDOW_MS - 1 };
  assert.deepEqual(recent([old, SAMPLE], SAMPLE.at), [SAMPLE]);
  assert.equal(endOf(history, 3), 10);
  assert.equal(endOf(history, 30), 30);
});
