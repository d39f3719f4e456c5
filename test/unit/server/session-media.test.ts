// A session's credentials are renewed in time, once, and never in a loop.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { type MediaOwner, SessionMedia } from '../../../server/signaling/media/session-media.ts';
import type { SessionContext } from '../../../server/signaling/session/context.ts';
import type { FrameQueue } from '../../../server/signaling/socket/frame-queue.ts';
import { Resources } from '../../../server/telemetry/resources.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOW });
});

afterEach(() => mock.timers.reset());

/** What was answered has been dealt with. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

function scene() {
  const resources = new Resources();
  const asked: { nodeId: string; answer: PromiseWithResolvers<unknown> }[] = [];
  const media = {
    send(nodeId: string) {
      const answer = Promise.withResolvers<unknown>();
      asked.push({ nodeId, answer });
      return answer.promise;
    },
  };
  const owner = {
    room: 'team',
    participantId: 'ada',
    ended: false,
    moved() {},
    offered() {},
  } as unknown as MediaOwner;
  const context = { media, resources } as unknown as SessionContext;
  const told: string[] = [];
  const queue = { send: (frame: string) => void told.push(frame) } as unknown as FrameQueue;
  const session = new SessionMedia(owner, queue, context);
  const opened = (nodeId: string, epoch: number, iceServersExpireAt: number | null) =>
    session.adopt({
      ...{ nodeId, origin: `router of ${nodeId}` },
      offer: { epoch, iceServersExpireAt },
    } as Parameters<SessionMedia['adopt']>[0]);
  return { resources, asked, session, opened, told };
}

test('they are renewed at three quarters of their time, and once more where that fails', async () => {
  const { asked, opened } = scene();
  opened('one', 1, NOW + HOUR_MS);
  mock.timers.tick(HOUR_MS * 0.75 - 1);
  assert.equal(asked.length, 0);
  mock.timers.tick(1);
  assert.equal(asked.length, 1);
  asked[0]?.answer.reject(new Error('the node does not answer'));
  await answered();
  mock.timers.tick(5_000);
  assert.equal(asked.length, 2);
});

test('a renewal that a dying node does not answer leaves the one of its successor alone', async () => {
  const { asked, opened, session, resources } = scene();
  opened('one', 1, NOW + HOUR_MS);
  mock.timers.tick(HOUR_MS * 0.75);
  opened('two', 2, NOW + 2 * HOUR_MS);
  asked[0]?.answer.reject(new Error('it is gone'));
  await answered();
  mock.timers.tick(5_000);
  assert.deepEqual(
    asked.map(({ nodeId }) => nodeId),
    ['one'],
  );
  session.end();
  assert.equal(resources.counts().timer, 0);
});

test('nor does its late answer replace credentials that do not expire', async () => {
  const { asked, opened, told } = scene();
  opened('one', 1, NOW + HOUR_MS);
  mock.timers.tick(HOUR_MS * 0.75);
  opened('two', 2, null);
  asked[0]?.answer.resolve({ iceServers: [], iceServersExpireAt: NOW + 2 * HOUR_MS });
  await answered();
  assert.deepEqual(told, []);
});

test('credentials that seem to last for years, as a clock is wrong, are renewed within a week', () => {
  const { asked, opened } = scene();
  opened('one', 1, NOW + 10_000 * HOUR_MS);
  mock.timers.tick(HOUR_MS);
  assert.equal(asked.length, 0);
  mock.timers.tick(7 * 24 * HOUR_MS);
  assert.equal(asked.length, 1);
});

test('who speaks is turned into text once for all sessions of a room', (t) => {
  const sessions = [scene(), scene(), scene()];
  for (const { opened } of sessions) opened('one', 1, null);
  const stringify = t.mock.method(JSON, 'stringify');
  const event = { origin: 'router of one', speakers: [{ participantId: 'ada', volume: -20 }] };
  for (const { session } of sessions) session.onEvent('speakers', event);
  assert.equal(stringify.mock.callCount(), 1);
  const frame = '{"event":"speakers","data":{"speakers":[{"participantId":"ada","volume":-20}]}}';
  assert.deepEqual(
    sessions.map(({ told }) => told),
    [[frame], [frame], [frame]],
  );
  for (const { session } of sessions) session.onEvent('speakers', { ...event, origin: 'other' });
  assert.equal(stringify.mock.callCount(), 1, 'another node speaks of others');
});
