// A socket is lost and another one takes the session up again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type { JoinResult } from '../../../shared/protocol/protocol.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const say = (client: RawClient, text: string) => client.request('chat', { id: randomId(), text });

function claim({ participantId, resumeSecret }: JoinResult, version = 1) {
  const rtpCapabilities = ROUTER_RTP_CAPABILITIES;
  return { room: 'team', participantId, resumeSecret, version, rtpCapabilities };
}

test('within the grace period media is untouched and what was missed is told', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const ben = await RawClient.open(t, server.signalingUrl);
  await ben.join('team');
  const joined = await ada.join('team');
  await ada.request('publish', publication(joined.media.epoch));
  await ben.event('consumers');
  const { version } = await ada.request('snapshot', {});
  // Not timers: a node tells the cluster of its load a moment after it has changed.
  const { timer: _, ...before } = server.counts();

  await ada.drop();
  await ben.event('patch', ({ ops }) => ops.some((op) => op.op === 'presence' && !op.online));
  await say(ben, 'are you still there?');
  const back = await RawClient.open(t, server.signalingUrl);
  const resumed = await back.resume('team', joined, version);

  assert.equal(resumed.media.epoch, joined.media.epoch);
  assert.deepEqual(resumed.media.send, joined.media.send);
  assert.deepEqual(resumed.media.recv, joined.media.recv);
  assert.equal(resumed.snapshot, null);
  const ops = resumed.patches?.flatMap((patch) => patch.ops);
  assert.deepEqual(
    ops?.map(({ op }) => op),
    ['presence', 'chat', 'presence'],
  );
  const { timer: __, ...after } = server.counts();
  assert.deepEqual(after, before, 'no transport or producer more than before');
  await ben.event('patch', (patch) => patch.ops.some((op) => op.op === 'presence' && op.online));
  await say(back, 'yes, I am');
});

test('who missed more than is kept gets the room as it is', async (t) => {
  const server = await startServer(t, { PATCH_HISTORY: '5', CHAT_HISTORY: '100' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const ben = await RawClient.open(t, server.signalingUrl);
  await ben.join('team');
  const joined = await ada.join('team');
  await ada.drop();
  for (let n = 0; n < 6; n++) await say(ben, `message ${n}`);
  const back = await RawClient.open(t, server.signalingUrl);
  const { patches, snapshot } = await back.resume('team', joined, joined.snapshot.version);
  assert.equal(patches, null);
  assert.equal(snapshot?.chat.length, 6);
});

test('patches and what follows them leave no gap, however busy the room is', async (t) => {
  const server = await startServer(t, { CHAT_MESSAGES_PER_MINUTE: '6000' });
  const ben = await RawClient.open(t, server.signalingUrl);
  await ben.join('team');
  let ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  let { version } = joined.snapshot;
  const chatter: Promise<unknown>[] = [];
  const follows = (patch: { version: number }) => {
    assert.equal(patch.version, version + 1);
    version += 1;
  };
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 5; n++) chatter.push(say(ben, `round ${round}`));
    await ada.drop();
    for (const patch of ada.events('patch')) follows(patch);
    for (let n = 0; n < 5; n++) chatter.push(say(ben, `round ${round}`));
    ada = await RawClient.open(t, server.signalingUrl);
    const { patches } = await ada.resume('team', joined, version);
    assert.ok(patches);
    for (const patch of patches) follows(patch);
  }
  await Promise.all(chatter);
  const { version: last } = await ada.request('snapshot', {});
  for (const patch of ada.events('patch')) follows(patch);
  assert.equal(version, last, 'an answer never overtakes what was told before it');
});

test('after the grace period the place is given up, and all is closed', async (t) => {
  const server = await startServer(t, { GRACE_PERIOD_MS: '100' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  await ada.request('publish', publication(joined.media.epoch));
  await ada.drop();
  await server.becomesIdle();
  const back = await RawClient.open(t, server.signalingUrl);
  assert.equal(await back.outcome('resume', claim(joined)), 'session_lost');
  await back.join('team');
});

test('two sockets never own one session: the older one is told', async (t) => {
  const server = await startServer(t);
  const first = await RawClient.open(t, server.signalingUrl);
  const joined = await first.join('team');
  const second = await RawClient.open(t, server.signalingUrl);
  await second.resume('team', joined, 1);
  assert.deepEqual(await first.closing(), { code: 4000, reason: 'session_replaced' });
  const [bye] = first.events('bye');
  assert.deepEqual([bye?.error.code, bye?.reconnect], ['session_replaced', false]);
  await say(second, 'it is me');
  assert.equal((await second.request('snapshot', {})).participants[0]?.online, true);
});

test('what an older socket still has in the queue is not done in the newer one’s name', async (t) => {
  const server = await startServer(t);
  const first = await RawClient.open(t, server.signalingUrl);
  const joined = await first.join('team');
  const microphone = publication(joined.media.epoch);
  await first.request('publish', microphone);
  const second = await RawClient.open(t, server.signalingUrl);
  const { trackId } = microphone;
  // Each takes a round trip to the worker, so that the leave waits for a while.
  const queued = Array.from({ length: 150 }, (_, n) =>
    first.request('mute', { trackId, muted: n % 2 === 0 }),
  );
  const outcomes = Promise.allSettled([...queued, first.request('leave', {})]);
  await queued[0];
  // It does not hear that it has to close, so that only the server's patience ends it.
  first.socket.pause();
  await second.resume('team', joined, 1);
  await until('the older socket to be cut', () => assert.equal(server.counts().socket, 1));
  await say(second, 'I have not left');
  first.socket.resume();
  assert.equal((await outcomes).at(-1)?.status, 'rejected');
});

test('the secret, the person and the room have to be right', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  const thief = await RawClient.open(t, server.signalingUrl);
  const right = claim(joined);
  for (const wrong of [
    { ...right, resumeSecret: 'x'.repeat(43) },
    { ...right, resumeSecret: '' },
    { ...right, participantId: randomId() },
    { ...right, room: 'another' },
    { ...right, version: 10 ** 9, resumeSecret: joined.participantId },
  ]) {
    assert.equal(await thief.outcome('resume', wrong), 'session_lost');
  }
  await say(ada, 'nobody disturbed me');
  assert.deepEqual(ada.events('bye'), []);
});

test('a client that claims a version of the future gets the room as it is', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  await ada.drop();
  const back = await RawClient.open(t, server.signalingUrl);
  const { patches, snapshot } = await back.resume('team', joined, 10 ** 9);
  assert.equal(patches, null);
  assert.equal(snapshot?.participants.length, 1);
});

test('a hundred resumes in a row leave one session and one socket', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  const before = server.counts();
  let last = ada;
  for (let n = 0; n < 100; n++) {
    last = await RawClient.open(t, server.signalingUrl);
    await last.resume('team', joined, 1);
  }
  await ada.closing();
  await last.settled();
  const { socket: _, timer: __, ...counts } = server.counts();
  const { socket: ___, timer: ____, ...expected } = before;
  assert.deepEqual(counts, expected);
  await last.request('leave', {});
});
