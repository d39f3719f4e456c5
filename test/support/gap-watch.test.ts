// A picture that stands still while the page goes on is a gap; a page that stands still is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestGap } from './gap-watch.ts';

/** Every 10 ms. */
const every10 = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 + 1 }, (_, index) => from + index * 10);

test('the longest time without a frame counts, less what the page needed to draw', () => {
  const frames = [...every10(0, 100), ...every10(600, 700)];
  assert.equal(longestGap(frames, every10(0, 700)), 490);
});

test('while the page shows nothing at all, no picture is missed', () => {
  const times = [...every10(0, 100), ...every10(600, 700)];
  assert.equal(longestGap(times, times), 0);
});

test('a stall of the page at another time excuses nothing', () => {
  const frames = [...every10(0, 100), ...every10(600, 800), ...every10(1_400, 1_500)];
  const paints = [...every10(0, 800), ...every10(1_400, 1_500)];
  assert.equal(longestGap(frames, paints), 490);
});
