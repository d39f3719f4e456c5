// The guard of a session, while claims of this replica raise its fence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnGuard } from '../../../../server/signaling/session/own-guard.ts';

const guard = (fence: number) => ({ participantId: 'ada', fence });

function scene() {
  let skipped = 0;
  const own = new OwnGuard(guard(1), () => {
    skipped += 1;
  });
  return { own, skipped: () => skipped };
}

test('a claim that succeeds brings the new guard, and is under way until then', async () => {
  const { own, skipped } = scene();
  const claim = Promise.withResolvers<ReturnType<typeof guard>>();
  own.follow(claim.promise);
  assert.ok(own.isClaiming);
  assert.deepEqual(own.current, guard(1));
  claim.resolve(guard(2));
  await own.settled();
  assert.ok(!own.isClaiming);
  assert.deepEqual(own.current, guard(2));
  assert.equal(skipped(), 0);
});

test('a claim that fails leaves the guard as it was', async () => {
  const { own } = scene();
  own.follow(Promise.reject(new Error('another secret')));
  await own.settled();
  assert.ok(!own.isClaiming);
  assert.deepEqual(own.current, guard(1));
});

test('of two claims the earlier one ends nothing while the later one is under way', async () => {
  const { own } = scene();
  const later = Promise.withResolvers<ReturnType<typeof guard>>();
  own.follow(Promise.resolve(guard(2)));
  own.follow(later.promise);
  await new Promise(setImmediate);
  assert.ok(own.isClaiming);
  assert.deepEqual(own.current, guard(2));
  later.resolve(guard(3));
  await own.settled();
  assert.deepEqual(own.current, guard(3));
});

test('a fence that rises by more than one shows that another replica had the session', () => {
  const { own, skipped } = scene();
  own.set(guard(2));
  assert.equal(skipped(), 0);
  own.set(guard(4));
  assert.equal(skipped(), 1);
});

test('without a claim nothing is waited for', async () => {
  await scene().own.settled();
});
