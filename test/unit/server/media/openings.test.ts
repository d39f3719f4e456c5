// While a crowd opens media sessions, publications wait: not in ordinary times, and not for ever.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Openings } from '../../../../server/sfu/rooms/openings.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

let openings: Openings;
let isCalm: boolean;
let pass: (ms: number) => Promise<void>;

beforeEach(() => {
  let now = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(performance, 'now', () => now);
  pass = async (ms) => {
    for (let passed = 0; passed < ms; passed += 50) {
      now += 50;
      mock.timers.tick(50);
      for (let n = 0; n < 10; n++) await Promise.resolve();
    }
  };
  openings = new Openings(new Resources());
  isCalm = false;
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function publish(): void {
  void openings.calm().then(() => {
    isCalm = true;
  });
}

test('with a few sessions on their way in nothing waits', async () => {
  for (let n = 0; n < 7; n++) openings.begin();
  publish();
  await pass(0);
  await Promise.resolve();
  assert.ok(isCalm);
});

test('in a crowd it waits until the crowd is over, also between two of its waves', async () => {
  const wave = Array.from({ length: 8 }, () => openings.begin());
  publish();
  await pass(50);
  for (const opened of wave) opened();
  await pass(50);
  for (let n = 0; n < 8; n++) openings.begin()();
  const second = Array.from({ length: 8 }, () => openings.begin());
  await pass(50);
  for (const opened of second) opened();
  assert.ok(!isCalm);
  assert.equal(openings.count, 0);
  await pass(250);
  assert.ok(isCalm);
});

test('a crowd that never ends keeps nobody from publishing for longer than three seconds', async () => {
  for (let n = 0; n < 8; n++) openings.begin();
  publish();
  for (let ms = 0; ms < 2_900; ms += 50) {
    openings.begin()();
    await pass(50);
  }
  assert.ok(!isCalm);
  await pass(200);
  assert.ok(isCalm);
});
