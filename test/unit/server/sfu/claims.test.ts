// Claims to speak: who is believed, for how long, and how long a word waits for those who are to hear it.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Claims, CONFIRM_MS, REFUSE_MS } from '../../../../server/sfu/rooms/speech/claims.ts';
import {
  ALL_MS,
  isReceived,
  MOST,
  MOST_MS,
  untilReceived,
} from '../../../../server/sfu/rooms/speech/until-received.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

function claims(most = 2) {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  const unconfirmed: string[] = [];
  const resources = new Resources();
  const all = new Claims({ most, resources, onUnconfirmed: (id) => unconfirmed.push(id) });
  return { all, unconfirmed, resources };
}

test('a claim is believed, and nothing follows once a router has heard the voice', () => {
  const { all, unconfirmed, resources } = claims();
  assert.equal(all.grant('ann'), true);
  all.confirm(['ann', 'bo']);
  mock.timers.tick(CONFIRM_MS);
  assert.deepEqual(unconfirmed, []);
  assert.equal(all.grant('ann'), true);
  all.close();
  assert.equal(resources.counts().timer, 0);
});

test('a claim that nobody confirms is taken back, and further ones are refused for a while', () => {
  const { all, unconfirmed } = claims();
  all.grant('ann');
  assert.equal(all.grant('ann'), true, 'a repetition is no further claim');
  mock.timers.tick(CONFIRM_MS);
  assert.deepEqual(unconfirmed, ['ann']);
  all.confirm(['ann']);
  mock.timers.tick(REFUSE_MS - 1);
  assert.equal(all.grant('ann'), false);
  mock.timers.tick(1);
  assert.equal(all.grant('ann'), true);
});

test('a few claims wait for confirmation at a time, one more is refused', () => {
  const { all } = claims(2);
  assert.deepEqual(
    ['ann', 'bo', 'cy'].map((id) => all.grant(id)),
    [true, true, false],
  );
  all.confirm(['bo']);
  assert.equal(all.grant('cy'), true);
  assert.equal(all.grant('bo'), false);
  mock.timers.tick(CONFIRM_MS);
  assert.equal(all.grant('bo'), true);
});

const CASES: readonly [received: number, all: number, elapsedMs: number, isEnough: boolean][] = [
  [0, 0, 0, true],
  [9, 10, 0, false],
  [10, 10, 0, true],
  [10 * MOST, 10, ALL_MS - 1, false],
  [10 * MOST, 10, ALL_MS, true],
  [10 * MOST - 1, 10, ALL_MS, false],
  [10 * MOST - 1, 10, MOST_MS - 1, false],
  [0, 10, MOST_MS, true],
];

for (const [received, all, elapsedMs, isEnough] of CASES) {
  test(`${received} of ${all} after ${elapsedMs} ms: ${isEnough ? 'the word is sent' : 'it waits'}`, () => {
    assert.equal(isReceived(received, all, elapsedMs), isEnough);
  });
}

test('a listener that fails to receive is not waited for, and no timer is left', async () => {
  mock.timers.reset();
  const resources = new Resources();
  await untilReceived([Promise.resolve(), Promise.reject(new Error('gone'))], resources);
  assert.equal(resources.counts().timer, 0);
});

test('listeners that never answer are not waited for longer than the limit', async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  const resources = new Resources();
  const waiting = untilReceived([new Promise(() => {})], resources);
  mock.timers.tick(MOST_MS);
  await waiting;
  assert.equal(resources.counts().timer, 0);
});
