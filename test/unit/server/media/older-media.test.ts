// How long the media session of before is kept on the server while the client moves to a newer one.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Orphans } from '../../../../server/sfu/rooms/orphans.ts';
import type { MediaClient } from '../../../../server/signaling/media/media-client.ts';
import { MediaSessions } from '../../../../server/signaling/media/media-sessions.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { ParleyError } from '../../../../shared/errors.ts';

const DRAIN_GRACE_MS = 60_000;

let now: number;
/** What the node of the older session answers when it is asked whether that carries. */
let answer: () => boolean;
let closed: string[];
let sessions: MediaSessions;
let resources: Resources;

beforeEach(() => {
  now = 0;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  mock.method(performance, 'now', () => now);
  closed = [];
  answer = () => true;
  resources = new Resources();
  const media = {
    send: async () => ({ carries: answer() }),
    close: async (nodeId: string) => void closed.push(nodeId),
  } as unknown as MediaClient;
  sessions = new MediaSessions({
    ...{ room: 'team', participantId: 'ada' },
    ...{ media, resources, drainGraceMs: DRAIN_GRACE_MS },
  });
  sessions.adopt({ nodeId: 'drains', origin: 'router', epoch: 1 });
  sessions.adopt({ nodeId: 'other', origin: 'router', epoch: 2 });
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    now += 1_000;
    mock.timers.tick(1_000);
    await new Promise(setImmediate);
  }
}

test('an older session that carries is kept until the grace of the drain ends', async () => {
  await pass(DRAIN_GRACE_MS - 1_000);
  assert.deepEqual(closed, []);
  await pass(1_000);
  assert.deepEqual(closed, ['drains']);
  assert.equal(resources.counts().timer, 0);
});

test('one that carries nothing any more is closed after 15 seconds, as its client has left it', async () => {
  answer = () => false;
  await pass(14_000);
  assert.deepEqual(closed, []);
  await pass(1_000);
  assert.deepEqual(closed, ['drains']);
});

test('one that stops to carry is closed at the next look', async () => {
  await pass(20_000);
  answer = () => false;
  await pass(10_000);
  assert.deepEqual(closed, ['drains']);
});

test('a node that does not answer in time has not let go; one that is gone has', async () => {
  answer = () => {
    throw new ParleyError('timeout');
  };
  await pass(30_000);
  assert.deepEqual(closed, []);
  answer = () => {
    throw new ParleyError('no_capacity');
  };
  await pass(15_000);
  assert.deepEqual(closed, ['drains']);
});

test('the client that has settled closes it at once, also while it is looked at', async () => {
  sessions.settled(2);
  assert.deepEqual(closed, ['drains']);
  await pass(2 * DRAIN_GRACE_MS);
  assert.deepEqual(closed, ['drains']);
  assert.equal(resources.counts().timer, 0);
});

test('the older session on its node is no orphan while it carries and the grace lasts', async () => {
  const peer = { participantId: 'ada', carries: true, close: () => void closed.push('orphan') };
  const orphans = new Orphans({
    nodeId: 'drains',
    drainGraceMs: DRAIN_GRACE_MS,
    orphanGraceMs: 20_000,
    store: { placements: async () => ({ ada: 'other' }) },
    rooms: () => [{ name: 'team', mesh: { exchange: async () => {} }, participants: [peer] }],
    resources: new Resources(),
    log: createLogger('silent'),
  });
  await orphans.check({ atOnce: true });
  await pass(50_000);
  assert.deepEqual(
    closed.filter((what) => what === 'orphan'),
    [],
  );
  peer.carries = false;
  await pass(10_000);
  assert.deepEqual(
    closed.filter((what) => what === 'orphan'),
    ['orphan'],
  );
  orphans.close();
});

test('a request for an older session whose node has ended is out of date; one for the newest is refused', async () => {
  answer = () => {
    throw new ParleyError('no_capacity');
  };
  const ready = (epoch: number) => {
    const params = { room: 'team', participantId: 'ada', epoch, consumerIds: [] };
    return sessions.sendTo(epoch, 'ready', params);
  };
  await assert.rejects(ready(1), { code: 'stale_epoch' });
  await assert.rejects(ready(2), { code: 'no_capacity' });
  await assert.rejects(ready(3), { code: 'stale_epoch' });
  answer = () => true;
  await ready(1);
});

test('a request that a killed node does not answer is out of date as soon as there is a newer session', async () => {
  const { promise: never } = Promise.withResolvers<never>();
  const media = { send: () => never, close: async () => {} } as unknown as MediaClient;
  sessions = new MediaSessions({
    ...{ room: 'team', participantId: 'ada' },
    ...{ media, resources, drainGraceMs: DRAIN_GRACE_MS },
  });
  sessions.adopt({ nodeId: 'killed', origin: 'router', epoch: 1 });
  const ids = { room: 'team', participantId: 'ada' };
  const ready = sessions.sendTo(1, 'ready', { ...ids, epoch: 1, consumerIds: [] });
  const muted = sessions.sendToAll('mute', { ...ids, trackId: 'camera', muted: true, version: 1 });
  sessions.adopt({ nodeId: 'other', origin: 'router', epoch: 2 });
  await assert.rejects(ready, { code: 'stale_epoch' });
  // The newer session may know nothing of it: it is sent again.
  await assert.rejects(muted, { code: 'timeout' });
  sessions.end();
});
