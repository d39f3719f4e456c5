// Coming into a room and going again, over the bare protocol.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';
import { TestWorkers } from '../../support/server/workers.ts';

test('one answer holds all that somebody needs to be in the call', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team', { name: 'Ada' });

  const [self] = joined.snapshot.participants;
  assert.deepEqual([self?.name, self?.role, self?.online], ['Ada', 'guest', true]);
  assert.equal(self?.id, joined.participantId);
  assert.equal(joined.gracePeriodMs, server.config.timing.gracePeriodMs);
  for (const transport of [joined.media.send, joined.media.recv]) {
    const protocols = transport.iceCandidates.map(({ protocol }) => protocol);
    assert.deepEqual([...new Set(protocols)].sort(), ['tcp', 'udp']);
  }
  const ports = joined.media.send.iceCandidates.map(({ port }) => port);
  assert.deepEqual([...new Set(ports)], [...server.app.media.ports]);
});

test('what is shared already comes with the answer, and what follows is told', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const adaJoined = await ada.join('team', { name: 'Ada' });
  const microphone = publication(adaJoined.media.epoch);
  await ada.request('publish', microphone);

  const ben = await RawClient.open(t, server.signalingUrl);
  const { snapshot, media, participantId } = await ben.join('team', { name: 'Ben' });
  assert.deepEqual(
    snapshot.participants.map(({ name }) => name),
    ['Ada', 'Ben'],
  );
  assert.deepEqual(
    media.consumers.map(({ trackId, waiting }) => [trackId, waiting]),
    [[microphone.trackId, false]],
  );
  await ada.event('patch', ({ ops }) =>
    ops.some((op) => op.op === 'join' && op.participant.id === participantId),
  );

  const camera = publication(adaJoined.media.epoch, { source: 'camera' });
  await ada.request('publish', camera);
  const { consumers } = await ben.event('consumers');
  assert.deepEqual(
    consumers.map(({ trackId, waiting }) => [trackId, waiting]),
    [[camera.trackId, true]],
  );
  await ada.request('unpublish', { trackId: camera.trackId });
  await ben.lostTrack(camera.trackId);
});

test('requests may be sent without waiting for the answers before them', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const answers = [
    ada.join('team'),
    ada.request('chat', { id: randomId(), text: 'first' }),
    ada.request('chat', { id: randomId(), text: 'second' }),
    ada.request('snapshot', {}),
  ] as const;
  const [, , , snapshot] = await Promise.all(answers);
  assert.deepEqual(
    snapshot.chat.map(({ text }) => text),
    ['first', 'second'],
  );
});

test('whoever leaves is gone for all, with what they shared, and may come again', async (t) => {
  const server = await startServer(t);
  const [ada, ben] = [
    await RawClient.open(t, server.signalingUrl),
    await RawClient.open(t, server.signalingUrl),
  ];
  await ada.join('team');
  const { participantId, media } = await ben.join('team');
  const { trackId } = publication(media.epoch);
  await ben.request('publish', publication(media.epoch, { trackId }));
  await ben.request('leave', {});
  await ada.event('patch', ({ ops }) =>
    ops.some((op) => op.op === 'leave' && op.participantId === participantId),
  );
  await ada.lostTrack(trackId);
  const snapshot = await ada.request('snapshot', {});
  assert.deepEqual([snapshot.participants.length, snapshot.tracks.length], [1, 0]);

  assert.equal(await ben.outcome('snapshot', {}), 'not_joined');
  const again = await ben.join('team');
  assert.notEqual(again.participantId, participantId);
});

test('a leave counts though its socket closes while it waits behind another request', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { GRACE_PERIOD_MS: '600000' });
  const [ada, ben] = [
    await RawClient.open(t, server.signalingUrl),
    await RawClient.open(t, server.signalingUrl),
  ];
  await ada.join('team');
  const { participantId, media } = await ben.join('team');
  // What Ben shares is not answered while the worker stands still, and his leave waits behind it.
  await workers.whileFrozen(async () => {
    ben.request('publish', publication(media.epoch)).catch(() => {});
    ben.request('leave', {}).catch(() => {});
    ben.socket.close();
    await ada.event('patch', ({ ops }) =>
      ops.some((op) => op.op === 'presence' && op.participantId === participantId),
    );
  });
  await ada.event('patch', ({ ops }) =>
    ops.some((op) => op.op === 'leave' && op.participantId === participantId),
  );
  await ada.request('leave', {});
  await server.becomesIdleBut(1);
});

test('out of order is refused and costs nothing', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const anyTrack = { trackId: randomId() };
  for (const [method, params] of [
    ['snapshot', {}],
    ['leave', {}],
    ['publish', publication(1)],
    ['mute', { ...anyTrack, muted: true }],
    ['chat', { id: randomId(), text: 'hello?' }],
  ] as const) {
    assert.equal(await ada.outcome(method, params), 'not_joined', method);
  }
  assert.equal(await ada.outcome('sing', {}), 'unknown_method');
  assert.equal(await ada.outcome('constructor', {}), 'unknown_method');
  await ada.join('team');
  const params = { room: 'team', name: 'Ada', rtpCapabilities: ROUTER_RTP_CAPABILITIES };
  assert.equal(await ada.outcome('join', params), 'already_joined');
  assert.equal((await ada.request('snapshot', {})).participants.length, 1);
});

test('a place that cannot be had says why, and the socket may try again', async (t) => {
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const good = { room: 'team', name: 'Ada', rtpCapabilities: ROUTER_RTP_CAPABILITIES };
  for (const [params, code] of [
    [{ ...good, room: 'No Room' }, 'invalid_room'],
    [{ ...good, name: 'a'.repeat(10_000) }, 'invalid_name'],
    [{ ...good, name: '\u202eadA' }, 'invalid_name'],
    [{ ...good, name: 7 }, 'bad_message'],
    [{ room: 'team', name: 'Ada' }, 'bad_message'],
    [{ ...good, rtpCapabilities: { codecs: [] } }, 'bad_message'],
    [null, 'bad_message'],
  ] as const) {
    assert.equal(await ada.outcome('join', params), code);
  }
  await ada.join('team');
  await ada.request('leave', {});
  await server.becomesIdleBut(1);
});

test('people who vanish while their joins are under way leave nothing behind', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { GRACE_PERIOD_MS: '600000' });
  // Nothing is answered while the worker stands still.
  await workers.whileFrozen(async () => {
    const people = await Promise.all([1, 2, 3].map(() => RawClient.open(t, server.signalingUrl)));
    for (const person of people) person.join('team').catch(() => {});
    await until('the joins to be under way', () => assert.equal(server.counts().session, 3));
    for (const person of people) await person.drop();
    await until('the server to have noticed', () => assert.equal(server.counts().socket, 0));
  });
  await server.becomesIdle();
});

test('who has left is as idle as who has not joined: the socket does not stay for ever', async (t) => {
  const server = await startServer(t, { JOIN_TIMEOUT_MS: '1000' });
  const ada = await RawClient.open(t, server.signalingUrl);
  await ada.join('team');
  await ada.request('leave', {});
  assert.equal((await ada.closing()).code, 4000);
  assert.equal(ada.events('bye')[0]?.error.code, 'timeout');
});
