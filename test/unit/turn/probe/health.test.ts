// What a series of probes says of a TURN server's address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  healthAfter,
  isDoubtful,
  NEVER_PROBED,
  type ProbeOutcome,
  type UrlHealth,
} from '../../../../server/turn/probe/health.ts';

const WELL: ProbeOutcome = { ok: true, roundTripMs: 12 };
const ILL: ProbeOutcome = { ok: false, message: 'no answer', full: false };
const FULL: ProbeOutcome = { ok: false, message: 'quota', full: true };
const RECOVERY_MS = 30_000;

/** One probe a second. */
function after(outcomes: readonly ProbeOutcome[], from: UrlHealth = NEVER_PROBED): UrlHealth {
  return outcomes.reduce<UrlHealth>(
    (health, outcome, second) => healthAfter(health, outcome, second * 1_000, RECOVERY_MS),
    from,
  );
}

const times = (count: number, outcome: ProbeOutcome) => Array<ProbeOutcome>(count).fill(outcome);
const FAILED = after([ILL, ILL]);

const TABLE: readonly [string, UrlHealth, UrlHealth['state']][] = [
  ['one that was never probed is not known', NEVER_PROBED, 'unknown'],
  ['the first success makes it usable', after([WELL]), 'ok'],
  ['one failure is not believed', after([WELL, ILL]), 'ok'],
  ['two in a row are', after([WELL, ILL, ILL]), 'failed'],
  ['two with a success between are not', after([WELL, ILL, WELL, ILL]), 'ok'],
  ['one that never worked fails after two', after([ILL, ILL]), 'failed'],
  ['after one failure of its first, nothing is known', after([ILL]), 'unknown'],
  ['a failed one is not used at its first success', after([WELL], FAILED), 'failed'],
  ['nor when it was well for less than the time', after(times(30, WELL), FAILED), 'failed'],
  ['but when it was', after(times(31, WELL), FAILED), 'ok'],
  [
    'a failure on the way begins the time anew',
    after([...times(20, WELL), ILL, ...times(30, WELL)], FAILED),
    'failed',
  ],
  ['which then ends', after([...times(20, WELL), ILL, ...times(31, WELL)], FAILED), 'ok'],
  ['one that is full answers: it has not failed', after([WELL, FULL, FULL, FULL]), 'ok'],
  ['being full is no success after a failure', after([FULL, FULL], FAILED), 'failed'],
];

for (const [what, health, state] of TABLE) {
  test(what, () => assert.equal(health.state, state));
}

test('a first failure is looked at again soon, a known one at its turn', () => {
  assert.equal(isDoubtful(after([WELL, ILL])), true);
  assert.equal(isDoubtful(after([WELL])), false);
  assert.equal(isDoubtful(FAILED), false);
  assert.equal(isDoubtful(after([WELL, ILL], FAILED)), false);
});

test('why it failed is kept until it is used again', () => {
  assert.equal(FAILED.message, 'no answer');
  assert.equal(after([WELL], FAILED).message, 'no answer');
  assert.equal(after(times(31, WELL), FAILED).message, null);
});

test('that it is full is known until it takes allocations again', () => {
  assert.deepEqual([after([WELL, FULL]).full, after([WELL, FULL]).message], [true, 'quota']);
  assert.deepEqual([after([FULL, WELL]).full, after([FULL, WELL]).message], [false, null]);
  assert.equal(after([FULL, ILL]).full, false);
});
