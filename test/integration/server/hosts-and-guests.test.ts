// What people in a room may do to each other, and what they may not.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { JoinResult } from '../../../shared/protocol/protocol.ts';
import type { Role } from '../../../shared/room/room.ts';
import { until } from '../../support/process/until.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

interface Member {
  client: RawClient;
  joined: JoinResult;
  trackId: string;
}

/** Somebody in the room who shares a microphone. */
async function member(t: TestContext, server: TestServer, role: Role): Promise<Member> {
  const client = await RawClient.open(t, server.signalingUrl);
  const token = await applicationToken({ room: 'team', role });
  const joined = await client.join('team', { token });
  const microphone = publication(joined.media.epoch);
  await client.request('publish', microphone);
  return { client, joined, trackId: microphone.trackId };
}

async function cast(t: TestContext) {
  const server = await startServer(t, WITH_APPLICATION);
  const host = await member(t, server, 'host');
  const guest = await member(t, server, 'guest');
  const other = await member(t, server, 'guest');
  return { server, host, guest, other };
}

test('a host mutes somebody, who sees who it was and may unmute again', async (t) => {
  const { host, guest, other } = await cast(t);
  await host.client.request('muteOther', { trackId: guest.trackId });
  const isMute = (muted: boolean, by: string) =>
    guest.client.event('patch', ({ ops }) =>
      ops.some((op) => op.op === 'mute' && op.muted === muted && op.by === by),
    );
  await isMute(true, host.joined.participantId);
  const muted = async () =>
    (await other.client.request('snapshot', {})).tracks.find(({ id }) => id === guest.trackId)
      ?.muted;
  assert.equal(await muted(), true);
  await guest.client.request('mute', { trackId: guest.trackId, muted: false });
  await isMute(false, guest.joined.participantId);
  assert.equal(await muted(), false);
});

test('a host removes somebody, who is told and cannot come back by the old session', async (t) => {
  const { server, host, guest, other } = await cast(t);
  const { participantId } = guest.joined;
  await host.client.request('remove', { participantId });
  assert.deepEqual(await guest.client.closing(), { code: 4000, reason: 'removed' });
  assert.equal(guest.client.events('bye')[0]?.reconnect, false);
  await other.client.lostTrack(guest.trackId);
  assert.equal((await other.client.request('snapshot', {})).participants.length, 2);
  const again = await RawClient.open(t, server.signalingUrl);
  await assert.rejects(again.resume('team', guest.joined, 1), { code: 'session_lost' });
  assert.equal(await host.client.outcome('remove', { participantId }), 'unknown_participant');
});

test('a host removes somebody whose socket is away', async (t) => {
  const { server, host, guest } = await cast(t);
  await guest.client.drop();
  await host.client.request('remove', { participantId: guest.joined.participantId });
  await until('both to be gone', () => {
    const { session, socket } = server.counts();
    assert.deepEqual([session, socket], [2, 2]);
  });
});

test('guests can do none of that, nor can a host do it to the wrong one', async (t) => {
  const { host, guest, other } = await cast(t);
  const { participantId } = other.joined;
  const cases: readonly [Member, string, unknown, string][] = [
    [guest, 'muteOther', { trackId: other.trackId }, 'forbidden'],
    [guest, 'remove', { participantId }, 'forbidden'],
    [guest, 'remove', { participantId: guest.joined.participantId }, 'forbidden'],
    [host, 'remove', { participantId: host.joined.participantId }, 'forbidden'],
    [host, 'remove', { participantId: randomId() }, 'unknown_participant'],
    [host, 'muteOther', { trackId: randomId() }, 'unknown_track'],
    [guest, 'mute', { trackId: other.trackId, muted: true }, 'forbidden'],
    [host, 'mute', { trackId: other.trackId, muted: false }, 'forbidden'],
    [guest, 'mute', { trackId: randomId(), muted: true }, 'unknown_track'],
    [guest, 'unpublish', { trackId: other.trackId }, 'forbidden'],
    [host, 'unpublish', { trackId: other.trackId }, 'forbidden'],
  ];
  for (const [who, method, params, code] of cases) {
    assert.equal(
      await who.client.outcome(method, params),
      code,
      `${method} ${JSON.stringify(params)}`,
    );
  }
  const { participants, tracks } = await other.client.request('snapshot', {});
  assert.deepEqual([participants.length, tracks.length], [3, 3]);
  assert.ok(tracks.every(({ muted }) => !muted));
});

test('an id that belongs to somebody else cannot be taken', async (t) => {
  const { guest, other } = await cast(t);
  const { epoch } = guest.joined.media;
  const stolen = publication(epoch, { trackId: other.trackId });
  assert.equal(await guest.client.outcome('publish', stolen), 'id_taken');
  const { tracks } = await guest.client.request('snapshot', {});
  const theirs = tracks.find(({ id }) => id === other.trackId);
  assert.equal(theirs?.participantId, other.joined.participantId);
  const id = randomId();
  await other.client.request('chat', { id, text: 'mine' });
  assert.equal(await guest.client.outcome('chat', { id, text: 'yours' }), 'id_taken');
  const { chat } = await guest.client.request('snapshot', {});
  assert.deepEqual(
    chat.map(({ text }) => text),
    ['mine'],
  );
});

test('a message that is sent twice is said once', async (t) => {
  const { guest, other } = await cast(t);
  const message = { id: randomId(), text: 'once' };
  await guest.client.request('chat', message);
  await guest.client.request('chat', message);
  const { chat } = await other.client.request('snapshot', {});
  assert.deepEqual(
    chat.map(({ text, participantId }) => [text, participantId]),
    [['once', guest.joined.participantId]],
  );
});

test('every request that may be repeated after a loss may really be repeated', async (t) => {
  const { server, guest } = await cast(t);
  const { client, joined, trackId } = guest;
  const { epoch } = joined.media;
  const microphone = publication(epoch, { trackId });
  const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }] as const;
  const dtlsParameters = { role: 'client', fingerprints: [...fingerprints] } as const;
  await until('everybody to receive everybody', () => assert.equal(server.counts().consumer, 6));
  // Timers come and go: the node tells the others what it holds a little later.
  const { timer: _, ...before } = server.counts();
  for (const [method, params] of [
    ['publish', microphone],
    ['mute', { trackId, muted: true }],
    ['connect', { epoch, direction: 'send', dtlsParameters }],
    ['subscribe', { preferences: { [randomId()]: { paused: true } } }],
    ['ready', { epoch, consumerIds: [randomId()] }],
    ['restartIce', { epoch, direction: 'recv' }],
    ['snapshot', {}],
  ] as const) {
    for (const time of ['first', 'second']) {
      assert.equal(await client.outcome(method, params), 'ok', `${method}, the ${time} time`);
    }
  }
  const { timer: __, ...after } = server.counts();
  assert.deepEqual(after, before);
  for (const time of ['first', 'second']) {
    assert.equal(await client.outcome('unpublish', { trackId }), 'ok', time);
  }
});

test('what belongs to a media session of before is refused', async (t) => {
  const { guest } = await cast(t);
  const { client, joined } = guest;
  const old = joined.media.epoch;
  await client.request('rebuildMedia', { epoch: old });
  const { epoch } = await client.event('media');
  assert.ok(epoch > old);
  assert.equal(await client.outcome('publish', publication(old)), 'stale_epoch');
  assert.equal(await client.outcome('ready', { epoch: old, consumerIds: [] }), 'stale_epoch');
  await client.request('rebuildMedia', { epoch: old });
  await client.request('publish', publication(epoch, { trackId: guest.trackId }));
  assert.equal(client.events('media').length, 1, 'a repetition does not rebuild it again');
});

test('a track is what its source is', async (t) => {
  const { guest } = await cast(t);
  const { epoch } = guest.joined.media;
  const camera = publication(epoch, { source: 'camera' });
  for (const wrong of [
    { ...camera, kind: 'audio' },
    { ...camera, source: 'microphone' },
    { ...camera, source: 'thoughts' },
    { ...camera, trackId: 'short' },
    { ...camera, trackId: 'x'.repeat(41) },
    { ...camera, trackId: '../../etc/passwd' },
  ]) {
    assert.equal(await guest.client.outcome('publish', wrong), 'bad_message');
  }
  const unknown = { mimeType: 'video/none', payloadType: 96, clockRate: 90000 };
  const exotic = { ...camera, rtpParameters: { ...camera.rtpParameters, codecs: [unknown] } };
  assert.equal(await guest.client.outcome('publish', exotic), 'unsupported_media');
  const { tracks } = await guest.client.request('snapshot', {});
  assert.equal(tracks.length, 3, 'what was refused is not in the room');
});
