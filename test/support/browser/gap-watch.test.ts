// A picture that stands still while the page goes on is a gap; a page that stands still is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestGap } from './gap-watch.ts';

/** Every 10 ms. */
const every10 = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 + 1 }, (_, index) => from + index * 10);

test('the longest time without a frame counts', () => {
  const frames = [...every10(0, 100), ...every10(600, 700)];
  assert.equal(longestGap(frames, every10(0, 700)), 500);
});

test('while the page shows nothing at all, no picture is missed', () => {
  const times = [...every10(0, 100), ...every10(600, 700)];
  assert.equal(longestGap(times, times), 50);
});

test('a stall of the page at another time excuses nothing', () => {
  const frames = [...every10(0, 100), ...every10(600, 800), ...every10(1_400, 1_500)];
  const paints = [...every10(0, 800), ...every10(1_400, 1_500)];
  assert.equal(longestGap(frames, paints), 500);
});

test('several stalls in one gap are excused, of either side, and the same time once', () => {
  const frames = [0, 1_000];
  const shows = [...every10(0, 100), ...every10(300, 1_000)];
  const sends = [...every10(0, 200), ...every10(400, 600), ...every10(800, 1_000)];
  // 150 to 400 together, and 650 to 800.
  assert.equal(longestGap(frames, shows, sends), 600);
});

test('a page that draws slowly excuses nothing', () => {
  const paints = Array.from({ length: 101 }, (_, index) => index * 100);
  assert.equal(longestGap([0, 5_000], paints), 5_000);
});
