// The media session of a participant is replaced until that works, whatever else is tried meanwhile.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { type MediaOwner, SessionMedia } from '../../../../server/signaling/media/session-media.ts';
import type { SessionContext } from '../../../../server/signaling/session/context.ts';
import type { FrameQueue } from '../../../../server/signaling/socket/frame-queue.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const settled = () => new Promise((resolve) => setImmediate(resolve));
const failed = () => Promise.reject(new Error('no node takes it'));

function scene() {
  const resources = new Resources();
  const openings: (() => Promise<unknown>)[] = [];
  const rebuilds: string[] = [];
  const moves: string[] = [];
  let asked = 0;
  const media = {
    open: () => {
      asked += 1;
      return openings.shift()?.() ?? Promise.resolve(opened(asked + 1));
    },
    restorePlacement: async () => {},
  };
  const metrics = {
    mediaRebuilds: { inc: ({ reason }: { reason: string }) => void rebuilds.push(reason) },
  };
  const log = createLogger('silent');
  const context = { media, metrics, resources, log } as unknown as SessionContext;
  const queue = new Proxy({}, { get: () => () => {} }) as FrameQueue;
  const owner = {
    room: 'team',
    participantId: 'ada',
    ended: false,
    moved: (from?: string, to?: string) => void moves.push(`${from} → ${to}`),
    offered: () => {},
    features: [],
  } as unknown as MediaOwner;
  const session = new SessionMedia(owner, queue, context);
  session.adopt(opened(1));
  return { session, openings, rebuilds, moves, resources, asked: () => asked };
}

function opened(epoch: number, nodeId = 'one') {
  const offer = { epoch, iceServersExpireAt: null };
  return { nodeId, origin: 'router', offer } as Parameters<SessionMedia['adopt']>[0];
}

test('a rebuild that failed is tried again, later each time', async () => {
  const { session, openings, rebuilds, asked } = scene();
  openings.push(failed, failed);
  session.rebuild('client');
  await settled();
  mock.timers.tick(100);
  await settled();
  assert.equal(asked(), 2);
  mock.timers.tick(199);
  await settled();
  assert.equal(asked(), 2);
  mock.timers.tick(1);
  await settled();
  assert.deepEqual(rebuilds, ['client']);
  session.end();
});

test('a move that fails does not end the attempts to rebuild', async () => {
  const { session, openings, rebuilds, resources } = scene();
  const moving = Promise.withResolvers<unknown>();
  openings.push(failed, () => moving.promise);
  session.rebuild('client');
  await settled();
  const moved = session.move('node_draining');
  // The next attempt is due while the move is under way.
  mock.timers.tick(1_000);
  moving.reject(new Error('no node takes it'));
  assert.equal(await moved, false);
  mock.timers.tick(1_000);
  await settled();
  assert.deepEqual(rebuilds, ['client']);
  session.end();
  assert.equal(resources.counts().timer, 0);
});

test('a move that succeeds replaces the rebuild that waited', async () => {
  const { session, openings, rebuilds, resources } = scene();
  openings.push(failed);
  session.rebuild('client');
  await settled();
  assert.ok(await session.move('node_draining'));
  mock.timers.tick(10_000);
  await settled();
  assert.deepEqual(rebuilds, ['node_draining']);
  assert.equal(resources.counts().timer, 0);
});

test('the node of the newest media session is reported, until the session ends', async () => {
  const { session, openings, moves } = scene();
  openings.push(
    async () => opened(2),
    async () => opened(3, 'two'),
  );
  session.rebuild('client');
  await settled();
  assert.ok(await session.move('node_draining'));
  session.end();
  assert.deepEqual(moves, ['undefined → one', 'one → two', 'two → undefined']);
});
