// What the SDK keeps of a room, and how seldom it repeats what it wants.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reconnectDelay } from '../../../../client/sdk/link/backoff.ts';
import { Preferences } from '../../../../client/sdk/media/preferences.ts';
import {
  sameTracks,
  streamIdOf,
  viewRemoteTracks,
} from '../../../../client/sdk/media/remote-tracks.ts';
import { randomId } from '../../../../client/sdk/session/ids.ts';
import { RoomView } from '../../../../client/sdk/session/room-view.ts';
import { ParleyError } from '../../../../shared/errors.ts';
import { LIMITS } from '../../../../shared/protocol/limits.ts';
import type { MethodParams } from '../../../../shared/protocol/protocol.ts';
import { parse } from '../../../../shared/protocol/rpc.ts';
import type { RoomPatch } from '../../../../shared/room/operations.ts';
import { ClientId, emptyRoom, type Track } from '../../../../shared/room/room.ts';

const ADA = 'participant-ada';
const message = (id: string, sentAt: number) => ({
  id,
  participantId: ADA,
  name: 'Ada',
  text: id,
  sentAt,
});
const chat = (version: number, id = `message-${version}`.padEnd(12, '0')): RoomPatch => ({
  version,
  ops: [{ op: 'chat', message: message(id, version) }],
});

test('patches are taken in order, once, and a gap is noticed', () => {
  const view = new RoomView('team');
  assert.equal(view.apply(chat(1)), 'applied');
  assert.equal(view.apply(chat(1)), 'old');
  assert.equal(view.apply(chat(3)), 'gap');
  assert.equal(view.apply(chat(2)), 'applied');
  assert.equal(view.apply(chat(3)), 'applied');
  assert.equal(view.snapshot.version, 3);
  assert.equal(view.snapshot.chat.length, 3);
});

test('a late snapshot does not take the room back in time', () => {
  const view = new RoomView('team');
  view.apply(chat(1));
  view.apply(chat(2));
  view.replace({ ...emptyRoom('team'), version: 1 });
  assert.equal(view.snapshot.version, 2);
  view.replace({ ...emptyRoom('team'), version: 9 });
  assert.equal(view.snapshot.version, 9);
});

test('a room that began anew is taken although it counts from one again', () => {
  const view = new RoomView('team');
  for (const version of [1, 2, 3]) view.apply(chat(version));
  view.adopt({ ...emptyRoom('team'), version: 1 });
  assert.equal(view.snapshot.version, 1);
});

test('chat that was seen stays, in the order it was sent, without repetitions', () => {
  const view = new RoomView('team');
  view.apply(chat(1, 'message-aaaa'));
  view.apply(chat(2, 'message-bbbb'));
  const kept = [message('message-bbbb', 2), message('message-cccc', 3)];
  view.replace({ ...emptyRoom('team'), version: 7, chat: kept });
  assert.deepEqual(
    view.snapshot.chat.map(({ id }) => id),
    ['message-aaaa', 'message-bbbb', 'message-cccc'],
  );
});

test('reconnecting begins at once, slows down, and ends within two minutes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 119_999 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, elapsedMs, random) => {
        const delay = reconnectDelay(attempt, elapsedMs, random);
        assert.ok(delay !== undefined && delay > 0 && delay <= 5_000);
        assert.ok(delay <= (reconnectDelay(attempt + 1, elapsedMs, random) ?? 0));
      },
    ),
  );
  assert.ok((reconnectDelay(0, 0, 0.999) ?? 1_000) <= 100);
  assert.equal(reconnectDelay(9, 120_000, 0.5), undefined);
});

test('a thousand clients of a restarted server do not come back in the same moment', () => {
  const delays = Array.from({ length: 100 }, (_, n) => reconnectDelay(6, 0, n / 100));
  assert.ok(new Set(delays).size > 90);
  assert.ok(Math.max(...delays.map(Number)) >= 1.9 * Math.min(...delays.map(Number)));
});

test('ids are what the server takes, and never the same', () => {
  const ids = Array.from({ length: 1_000 }, randomId);
  for (const id of ids) assert.equal(parse(ClientId, id), id);
  assert.equal(new Set(ids).size, ids.length);
});

type Sent = MethodParams<'subscribe'>;

/** Preferences whose messages a server takes, every one. */
const takenBy = (sent: Sent[]) =>
  new Preferences(
    async (message) => void sent.push(message),
    (error) => assert.fail(error),
  );

test('changes of one layout pass are one message', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent: Sent[] = [];
  const preferences = takenBy(sent);
  preferences.set('track-aaaaa', { spatialLayer: 0 });
  preferences.set('track-bbbbb', { paused: true });
  preferences.set('track-aaaaa', { spatialLayer: 2 });
  t.mock.timers.tick(50);
  const last = { 'track-aaaaa': { spatialLayer: 2 }, 'track-bbbbb': { paused: true } };
  assert.deepEqual(sent, [{ preferences: last }]);
});

test('that other pictures are not wanted is sent with the next preferences, and again when it was forgotten', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent: Sent[] = [];
  const preferences = takenBy(sent);
  preferences.hideOthers();
  preferences.set('track-aaaaa', { spatialLayer: 2 });
  preferences.hideOthers();
  t.mock.timers.tick(50);
  preferences.prune(() => false);
  preferences.resend();
  const others = 'hidden';
  assert.deepEqual(sent, [
    { preferences: { 'track-aaaaa': { spatialLayer: 2 } }, others },
    { preferences: {}, others },
  ]);
});

test('what did not change is not said again, unless the other side forgot it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent: Sent[] = [];
  const preferences = takenBy(sent);
  preferences.set('track-aaaaa', { spatialLayer: 1 });
  t.mock.timers.tick(50);
  preferences.set('track-aaaaa', { spatialLayer: 1, paused: false });
  t.mock.timers.tick(50);
  assert.equal(sent.length, 1);
  preferences.resend();
  assert.deepEqual(sent[1], sent[0]);
});

for (const code of ['unavailable', 'timeout', 'rate_limited'] as const) {
  test(`what the server cannot take for the moment (${code}) is said again, as it is wanted by then`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const sent: Sent[] = [];
    let isDown = true;
    const preferences = new Preferences(
      async (message) => {
        sent.push(message);
        if (isDown) throw new ParleyError(code);
      },
      (error) => assert.fail(error),
    );
    preferences.set('track-aaaaa', { paused: true });
    preferences.set('track-bbbbb', { paused: true });
    t.mock.timers.tick(50);
    await new Promise(setImmediate);
    preferences.set('track-aaaaa', { spatialLayer: 2 });
    t.mock.timers.tick(50);
    await new Promise(setImmediate);
    isDown = false;
    t.mock.timers.tick(10_000);
    await new Promise(setImmediate);
    t.mock.timers.tick(60_000);
    assert.equal(sent.length, 3);
    assert.deepEqual(sent[2], {
      preferences: { 'track-aaaaa': { spatialLayer: 2 }, 'track-bbbbb': { paused: true } },
    });
  });
}

test('another refusal of preferences is reported, and not repeated', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  let count = 0;
  const preferences = new Preferences(
    async () => {
      count += 1;
      throw new ParleyError('bad_message');
    },
    ({ code }) => told.push(code),
  );
  preferences.set('track-aaaaa', { paused: true });
  t.mock.timers.tick(50);
  await new Promise(setImmediate);
  t.mock.timers.tick(60_000);
  assert.deepEqual([told, count], [['bad_message'], 1]);
});

test('tracks that are gone are forgotten, and nothing is sent after close', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent: Sent[] = [];
  const preferences = takenBy(sent);
  preferences.set('track-aaaaa', { paused: true });
  preferences.prune(() => false);
  t.mock.timers.tick(50);
  preferences.resend();
  preferences.set('track-bbbbb', { paused: true });
  preferences.close();
  t.mock.timers.tick(1_000);
  assert.deepEqual(sent, []);
});

test('more tracks than fit one message are said in several', () => {
  const sent: Sent[] = [];
  const preferences = takenBy(sent);
  const count = LIMITS.tracksPerMessage * 2 + 1;
  for (let n = 0; n < count; n++) preferences.set(`track-${n}`, { paused: true });
  preferences.resend();
  assert.deepEqual(
    sent.map((message) => Object.keys(message.preferences).length),
    [LIMITS.tracksPerMessage, LIMITS.tracksPerMessage, 1],
  );
});

const track = (id: string, source: Track['source'] = 'camera', muted = false): Track => ({
  id,
  participantId: ADA,
  kind: 'video',
  source,
  muted,
});
const media = (label: string) => ({ label }) as MediaStreamTrack;

test('a remote track is shown once the room lists it and its media is there, in either order', () => {
  const room = { ...emptyRoom('team'), tracks: [track('track-aaaaa')] };
  const arrived = new Map([['track-aaaaa', media('a')]]);
  assert.equal(viewRemoteTracks(room, new Map(), new Map()).size, 0);
  assert.equal(viewRemoteTracks(emptyRoom('team'), arrived, new Map()).size, 0);
  const view = viewRemoteTracks(room, arrived, new Map());
  assert.deepEqual([...view.keys()], ['track-aaaaa']);
});

test('a track that did not change is the same object, so that a page need not draw it again', () => {
  const arrived = new Map([
    ['track-aaaaa', media('a')],
    ['track-bbbbb', media('b')],
  ]);
  const room = { ...emptyRoom('team'), tracks: [track('track-aaaaa'), track('track-bbbbb')] };
  const before = viewRemoteTracks(room, arrived, new Map());
  assert.ok(sameTracks(before, viewRemoteTracks(room, arrived, before)));
  const muted = { ...room, tracks: [track('track-aaaaa'), track('track-bbbbb', 'camera', true)] };
  const after = viewRemoteTracks(muted, arrived, before);
  assert.equal(after.get('track-aaaaa'), before.get('track-aaaaa'));
  assert.notEqual(after.get('track-bbbbb'), before.get('track-bbbbb'));
  assert.ok(!sameTracks(before, after));
  const rebuilt = new Map([...arrived, ['track-aaaaa', media('again')] as const]);
  const replaced = viewRemoteTracks(room, rebuilt, before);
  assert.notEqual(replaced.get('track-aaaaa'), before.get('track-aaaaa'));
});

test('voice and face are played in step, a shared screen apart from them', () => {
  const tracks = [
    track('track-voice', 'microphone'),
    track('track-face0', 'camera'),
    track('track-show0', 'screen'),
    track('track-sound', 'screen-audio'),
  ];
  const room = { ...emptyRoom('team'), tracks };
  const [voice, face, show, sound] = tracks.map(({ id }) => streamIdOf(room, id));
  assert.equal(voice, face);
  assert.equal(show, sound);
  assert.notEqual(voice, show);
});
