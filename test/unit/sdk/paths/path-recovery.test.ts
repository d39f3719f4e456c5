// What is done about a media path that is down, and in which order.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { PathRecovery } from '../../../../client/sdk/paths/path-recovery.ts';

/** A moment in which a path often comes back by itself. */
const PATIENCE_MS = 1_500;
/** Of a path through a TURN server. */
const RELAY_PATIENCE_MS = 300;
/** How long each step may take. */
const STEP_MS = 6_000;

let story: string[];
let recovery: PathRecovery;
let relayed: ReadonlySet<'send' | 'recv'>;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  story = [];
  relayed = new Set();
  recovery = new PathRecovery({
    isRelayed: (direction) => relayed.has(direction),
    run: async (step, direction) => void story.push(`${step} ${direction}`),
    onChange: (recovering) => story.push(recovering ? 'down' : 'up'),
  });
});

test('a blink of the network is left alone', () => {
  recovery.onState('send', 'disconnected');
  mock.timers.tick(PATIENCE_MS - 1);
  recovery.onState('send', 'connected');
  mock.timers.tick(60_000);
  assert.deepEqual(story, ['down', 'up']);
});

test('a path that stays down is restarted, then rebuilt, then relayed, again and again', () => {
  recovery.onState('recv', 'disconnected');
  mock.timers.tick(PATIENCE_MS);
  assert.deepEqual(story, ['down', 'restart-ice recv']);
  for (let step = 0; step < 4; step++) mock.timers.tick(STEP_MS);
  assert.deepEqual(story.slice(2), [
    ...['rebuild recv', 'rebuild-relay recv'],
    ...['rebuild recv', 'rebuild-relay recv'],
  ]);
});

test('a path that failed is not waited for', () => {
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'restart-ice send']);
});

test('a path that fails while it is given a moment loses that moment', () => {
  recovery.onState('send', 'disconnected');
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'restart-ice send']);
});

test('what was tried without a server is tried again when there is one', () => {
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  recovery.again();
  assert.deepEqual(story, ['down', 'restart-ice send', 'restart-ice send']);
  mock.timers.tick(STEP_MS);
  assert.deepEqual(story.slice(3), ['rebuild send']);
});

test('after a long time without a server a relay is not forced before a rebuild was heard', () => {
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  // Restart, rebuild and relay, none of which anybody heard.
  for (let step = 0; step < 2; step++) mock.timers.tick(STEP_MS);
  assert.equal(story.at(-1), 'rebuild-relay send');
  recovery.again();
  assert.equal(story.at(-1), 'rebuild send');
});

test('a path that is given a moment is not hurried, and one that is up is left alone', () => {
  recovery.again();
  recovery.onState('send', 'disconnected');
  recovery.again();
  assert.deepEqual(story, ['down']);
});

test('a first path that gets stuck on its way is rebuilt, and the next one is given more time', () => {
  recovery.onState('send', 'connecting');
  mock.timers.tick(5_999);
  assert.deepEqual(story, []);
  mock.timers.tick(1);
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'rebuild send']);
  recovery.reset();
  recovery.onState('send', 'connecting');
  mock.timers.tick(17_999);
  assert.deepEqual(story.slice(2), ['up']);
  mock.timers.tick(1);
  mock.timers.tick(0);
  assert.deepEqual(story.slice(3), ['down', 'rebuild-relay send']);
});

test('a path that is found in time, or fails, is not taken for stuck', () => {
  recovery.onState('send', 'connecting');
  recovery.onState('recv', 'connecting');
  recovery.onState('send', 'connected');
  recovery.onState('recv', 'failed');
  mock.timers.tick(0);
  mock.timers.tick(5_999);
  assert.deepEqual(story, ['down', 'restart-ice recv']);
});

test('both paths going down together are both restarted before anything is rebuilt', () => {
  for (const direction of ['send', 'recv'] as const) recovery.onState(direction, 'disconnected');
  mock.timers.tick(PATIENCE_MS);
  assert.deepEqual(story, ['down', 'restart-ice send', 'restart-ice recv']);
});

test('all is well only when both paths are up', () => {
  for (const direction of ['send', 'recv'] as const) recovery.onState(direction, 'disconnected');
  recovery.onState('send', 'connected');
  assert.ok(recovery.recovering);
  recovery.onState('recv', 'connected');
  assert.ok(!recovery.recovering);
  assert.deepEqual(story, ['down', 'up']);
});

test('after a recovery the next trouble begins with the gentlest step again', () => {
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  recovery.onState('send', 'connected');
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'restart-ice send', 'up', 'down', 'restart-ice send']);
});

test('also after a rebuild that helped', () => {
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  mock.timers.tick(STEP_MS);
  recovery.reset();
  recovery.onState('send', 'connected');
  story.length = 0;
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'restart-ice send']);
});

test('a rebuild that did not help is followed by the next step, not by the first', () => {
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  mock.timers.tick(STEP_MS);
  recovery.reset();
  story.length = 0;
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'rebuild-relay send']);
});

test('a step that could not be tried does not stop the next one', async () => {
  const steps: string[] = [];
  recovery = new PathRecovery({
    isRelayed: () => false,
    run: (step) => {
      steps.push(step);
      return Promise.reject(new Error('no socket'));
    },
    onChange: () => {},
  });
  recovery.onState('send', 'failed');
  mock.timers.tick(0);
  mock.timers.tick(STEP_MS);
  assert.deepEqual(steps, ['restart-ice', 'rebuild']);
});

test('after close nothing is tried any more', () => {
  recovery.onState('send', 'failed');
  recovery.close();
  mock.timers.tick(60_000);
  assert.deepEqual(story, ['down']);
});

test('a path that is down is still down when it says so again', () => {
  recovery.onState('send', 'disconnected');
  mock.timers.tick(PATIENCE_MS - 1);
  recovery.onState('send', 'disconnected');
  mock.timers.tick(1);
  assert.deepEqual(story, ['down', 'restart-ice send']);
});

test('a relay that is gone does not come back: its path is given less time', () => {
  relayed = new Set(['recv']);
  for (const direction of ['send', 'recv'] as const) recovery.onState(direction, 'disconnected');
  mock.timers.tick(RELAY_PATIENCE_MS);
  assert.deepEqual(story, ['down', 'restart-ice recv']);
  mock.timers.tick(PATIENCE_MS - RELAY_PATIENCE_MS);
  assert.deepEqual(story.slice(2), ['restart-ice send']);
});

test('a transport whose server end is gone is rebuilt at once, whatever the browser says of it', () => {
  recovery.onState('recv', 'connecting');
  recovery.onState('recv', 'ended');
  // The browser's end of the handshake may be over a moment later.
  recovery.onState('recv', 'connected');
  mock.timers.tick(0);
  assert.deepEqual(story, ['down', 'rebuild recv']);
  recovery.reset();
  recovery.onState('recv', 'connected');
  assert.deepEqual(story.slice(2), ['up']);
});

test('where every handshake fails, media sessions are not opened as fast as they fail', () => {
  recovery.onState('recv', 'ended');
  mock.timers.tick(0);
  recovery.reset();
  recovery.onState('recv', 'ended');
  mock.timers.tick(STEP_MS - 1);
  assert.deepEqual(story, ['down', 'rebuild recv', 'up', 'down']);
  mock.timers.tick(1);
  assert.equal(story.at(-1), 'rebuild-relay recv');
});
