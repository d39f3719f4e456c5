// When a job that failed is begun again, and what is said of it when it never is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  failureOf,
  Hopeless,
  MAX_ATTEMPTS,
  NotYet,
  nextAttempt,
  refusalOf,
} from '../../../server/jobs/next-attempt.ts';

const NOW = 1_763_000_000_000;
const ERROR = new Error('The disk is full.');

test('the pauses grow, and the last attempt is the fifth', () => {
  const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => {
    const again = nextAttempt(attempt, ERROR, NOW);
    return again === undefined ? undefined : again - NOW;
  });
  assert.deepEqual(pauses, [10_000, 40_000, 160_000, 640_000, undefined, undefined]);
});

test('what can never succeed is not tried again, and what cannot begin yet waits', () => {
  assert.equal(nextAttempt(1, new Hopeless('no track'), NOW), undefined);
  assert.equal(nextAttempt(MAX_ATTEMPTS, new NotYet('still recording', 7_000), NOW), NOW + 7_000);
});

for (const [attempt, error, outcome] of [
  [1, ERROR, { failed: 'The disk is full.', again: NOW + 10_000 }],
  [5, ERROR, { failed: 'The disk is full. (tried 5 times)' }],
  [1, new Hopeless('It has no track.'), { failed: 'It has no track.' }],
  [3, new Hopeless('It has no track.'), { failed: 'It has no track.' }],
  [4, new NotYet('It is still recorded.', 500), { wait: NOW + 500 }],
  [1, 'a text', { failed: 'a text', again: NOW + 10_000 }],
  [1, new Error(''), { failed: 'Error', again: NOW + 10_000 }],
] as const) {
  test(`attempt ${attempt} that throws ${String(error)} ends as ${JSON.stringify(outcome)}`, () => {
    assert.deepEqual(failureOf(attempt, error, NOW), outcome);
  });
}

test('a job that ended five processes is not begun a sixth time', () => {
  assert.equal(refusalOf(MAX_ATTEMPTS, null), undefined);
  assert.match(refusalOf(MAX_ATTEMPTS + 1, null) ?? '', /begun 5 times.*ended in the middle/);
  assert.match(refusalOf(6, 'No space.') ?? '', /not begun again\. Before that: No space\.$/);
});

test('whatever is thrown, an attempt ends, and is begun again later or never', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.anything(), (attempt, thrown) => {
      const again = nextAttempt(attempt, thrown, NOW);
      assert.ok('failed' in failureOf(attempt, thrown, NOW));
      assert.equal(again === undefined, attempt >= MAX_ATTEMPTS);
      assert.ok(again === undefined || again > NOW);
    }),
  );
});
