// The error of a failed wait names the condition and the last reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until, within } from './until.ts';

test('resolves with what the probe returns once it no longer throws', async () => {
  let calls = 0;
  const result = await until(
    'the third call',
    () => {
      calls += 1;
      assert.equal(calls, 3);
      return 'done';
    },
    { everyMs: 1 },
  );
  assert.equal(result, 'done');
});

test('fails with the last reason', async () => {
  let count = 0;
  const waiting = until(
    'five apples',
    () => {
      count = Math.min(count + 1, 2);
      throw new Error(`there are ${count}`);
    },
    { withinMs: 30, everyMs: 1 },
  );
  await assert.rejects(waiting, /waited 30 ms for five apples, but: there are 2/);
});

test('within() fails by name, and keeps no timer when the promise is there', async () => {
  assert.equal(await within('it', 60_000, Promise.resolve(7)), 7);
  await assert.rejects(within('never', 10, new Promise(() => {})), /waited 10 ms for never/);
});
