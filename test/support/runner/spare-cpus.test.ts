// When the runner starts fewer files at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBusy } from './spare-cpus.ts';

const BEFORE = { idle: 1_000, all: 5_000 };

for (const [idle, expected] of [
  [0, true],
  [999, true],
  [1_000, false],
  [2_000, false],
] as const) {
  test(`a machine that is idle for ${idle} of 2,000 ms is ${expected ? 'busy' : 'free'}`, () => {
    assert.equal(isBusy(BEFORE, { idle: 1_000 + idle, all: 7_000 }), expected);
  });
}

test('without a figure it is not called busy', () => {
  assert.equal(isBusy(BEFORE, BEFORE), false);
});
