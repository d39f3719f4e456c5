// Which counters grow now: those of a moment ago do, those that have ended do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Growing } from '../../support/browser/growing.ts';

test('what has grown is named, a newcomer from 0', () => {
  const growing = new Growing();
  assert.deepEqual(growing.look(new Map([['a', 1]]), 0), []);
  assert.deepEqual(growing.look(new Map(Object.entries({ a: 1, b: 2 })), 100), ['b']);
  assert.deepEqual(growing.look(new Map(Object.entries({ a: 2, b: 2 })), 200), ['a', 'b']);
});

test('one that has ended is named for a window only, one that grows now and then all the time', () => {
  const growing = new Growing();
  growing.look(new Map(Object.entries({ ended: 0, beeps: 0 })), 0);
  for (let at = 500; at <= 10_000; at += 500) {
    const beeps = Math.floor(at / 1_000);
    const named = growing.look(new Map(Object.entries({ ended: 1, beeps })), at);
    assert.equal(named.includes('ended'), at < 3_000, `${at}`);
    assert.equal(named.includes('beeps'), at >= 1_000, `${at}`);
  }
});
