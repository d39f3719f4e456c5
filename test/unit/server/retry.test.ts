// Attempts at growing distances.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Resources } from '../../../server/telemetry/resources.ts';
import { Retry } from '../../../server/telemetry/retry.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

function scene() {
  const resources = new Resources();
  const retry = new Retry({ resources, firstMs: 100, maxMs: 300 });
  let attempts = 0;
  const later = () => retry.later(() => void attempts++);
  return { resources, retry, later, attempts: () => attempts };
}

test('each wait is twice the one before, up to the limit, and the first one again after a reset', () => {
  const { retry, later, attempts, resources } = scene();
  for (const [n, waitMs] of [100, 200, 300, 300].entries()) {
    later();
    mock.timers.tick(waitMs - 1);
    assert.equal(attempts(), n);
    mock.timers.tick(1);
    assert.equal(attempts(), n + 1);
  }
  retry.reset();
  later();
  mock.timers.tick(100);
  assert.equal(attempts(), 5);
  assert.equal(resources.counts().timer, 0);
});

test('one attempt waits at a time, and none after a reset', () => {
  const { retry, later, attempts, resources } = scene();
  later();
  later();
  assert.equal(resources.counts().timer, 1);
  retry.reset();
  assert.equal(resources.counts().timer, 0);
  mock.timers.tick(1_000);
  assert.equal(attempts(), 0);
});
