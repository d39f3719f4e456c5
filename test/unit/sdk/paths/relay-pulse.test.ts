// When a relay counts as gone, and when its silence means nothing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  beatOf,
  type Expected,
  PULSE_MS,
  RelayPulse,
} from '../../../../client/sdk/paths/relay-pulse.ts';

interface Look {
  received: number;
  pair?: string;
  asked?: number;
  expected?: Expected;
}

/** Looks at the usual interval. @returns the number of the look that called it gone, or -1 */
function lookAt(looks: readonly Look[], intervalMs = PULSE_MS): { at: number; pulse: RelayPulse } {
  const pulse = new RelayPulse();
  let at = -1;
  for (const [index, look] of looks.entries()) {
    const { received, pair = 'P', asked = 0, expected = 'surely' } = look;
    const beat = { at: index * intervalMs, pairId: pair, received, asked, sent: index };
    pulse.update(beat, () => expected);
    if (pulse.stalled && at < 0) at = index;
  }
  return { at, pulse };
}

const growing = (count: number): Look[] =>
  Array.from({ length: count }, (_, n) => ({ received: n }));
const still = (count: number, received: number): Look[] => Array(count).fill({ received });

describe('a relay', () => {
  test('that carried packets all the time is gone after two looks without any', () => {
    assert.equal(lookAt([...growing(6), ...still(2, 5)]).at, 7);
  });
  test('is not gone after one', () => {
    assert.equal(lookAt([...growing(6), ...still(1, 5), { received: 6 }, ...still(1, 6)]).at, -1);
  });
  test('that carried few packets may be silent', () => {
    assert.equal(lookAt([...growing(4), ...still(20, 3)]).at, -1);
  });
  test('may be silent while nothing is expected', () => {
    const muted = still(20, 5).map((look) => ({ ...look, expected: 'nothing' as const }));
    assert.equal(lookAt([...growing(6), ...muted]).at, -1);
  });
  test('is not gone when its only sender is silent', () => {
    const alone = still(20, 5).map((look) => ({ ...look, expected: 'perhaps' as const }));
    assert.equal(lookAt([...growing(6), ...alone]).at, -1);
    // Asked for a sign of life, it gives one.
    const answered = alone.map((look, n) => ({
      ...look,
      received: 5 + Math.floor(n / 5),
      asked: Math.floor(n / 5),
    }));
    assert.equal(lookAt([...growing(6), ...answered]).at, -1);
  });
  test('is gone when its only sender is silent and ICE checks stay unanswered', () => {
    const alone = still(9, 5).map((look, n) => ({
      ...look,
      asked: n < 4 ? 0 : 1,
      expected: 'perhaps' as const,
    }));
    assert.equal(lookAt([...growing(6), ...alone]).at, 12);
  });
  test('is back when something comes', () => {
    const { at, pulse } = lookAt([...growing(6), ...still(4, 5), { received: 6 }]);
    assert.equal(at, 7);
    assert.ok(!pulse.stalled);
  });
  test('is back when another path was answered to', () => {
    const gone = [...growing(6), ...still(3, 5)];
    assert.ok(lookAt([...gone, { received: 0, pair: 'Q' }]).pulse.stalled);
    assert.ok(!lookAt([...gone, { received: 1, pair: 'Q' }]).pulse.stalled);
  });
  test('is not gone for looks that came too soon', () => {
    const looks = [...growing(6), ...still(2, 5)];
    assert.equal(lookAt(looks, 100).at, -1);
  });
});

test('what is counted: bytes, and answers of ICE', () => {
  const pair = { id: 'P', type: 'candidate-pair', selected: true, bytesReceived: 7 };
  const stats = (more: object) => new Map([['P', { ...pair, ...more }]]);
  assert.deepEqual(
    beatOf(
      stats({ responsesReceived: 3, requestsSent: 1, consentRequestsSent: 4, bytesSent: 2 }),
      9,
    ),
    {
      at: 9,
      pairId: 'P',
      received: 10,
      asked: 5,
      sent: 2,
    },
  );
  assert.equal(beatOf(stats({ bytesReceived: undefined }), 9), undefined);
  assert.equal(beatOf(new Map(), 9), undefined);
});
