// A process that is silent counts as frozen at the limit, and not before.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { Heartbeat } from '../../../../server/recording/process/heartbeat.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

const SECOND = 1_000;
const LIMIT_MS = loadConfig({}).recording.frozenSeconds * SECOND;

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const resources = new Resources();
  const scene = { frozen: 0 };
  const onFrozen = () => void scene.frozen++;
  const heartbeat = new Heartbeat({ limitMs: LIMIT_MS, onFrozen, resources });
  return { heartbeat, scene, resources, pass: (ms: number) => t.mock.timers.tick(ms) };
}

test('ten seconds of silence are the limit, unless another one is set', () => {
  assert.equal(LIMIT_MS, 10_000);
  assert.equal(loadConfig({ RECORD_FROZEN_SECONDS: '3' }).recording.frozenSeconds, 3);
  assert.throws(() => loadConfig({ RECORD_FROZEN_SECONDS: '2' }));
});

test('a silent process is frozen at the limit, once', (t) => {
  const { scene, pass, resources } = setUp(t);
  pass(LIMIT_MS);
  assert.equal(scene.frozen, 0);
  pass(SECOND);
  assert.equal(scene.frozen, 1);
  pass(LIMIT_MS * 2);
  assert.equal(scene.frozen, 1);
  assert.equal(resources.counts().timer, 0);
});

test('whatever it says begins the time anew', (t) => {
  const { heartbeat, scene, pass } = setUp(t);
  for (let said = 0; said < 5; said += 1) {
    pass(LIMIT_MS);
    heartbeat.heard();
  }
  assert.equal(scene.frozen, 0);
  pass(LIMIT_MS + SECOND);
  assert.equal(scene.frozen, 1);
});

test('nothing counts after it was closed', (t) => {
  const { heartbeat, scene, pass, resources } = setUp(t);
  pass(LIMIT_MS);
  heartbeat.close();
  heartbeat.close();
  pass(LIMIT_MS + SECOND);
  assert.equal(scene.frozen, 0);
  assert.equal(resources.counts().timer, 0);
});
