// How long the server waits for somebody, and what it does then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';
import { TestWorkers } from '../../support/server/workers.ts';

test('JOIN_TIMEOUT_MS: who does not join is sent away, who does may stay', async (t) => {
  const server = await startServer(t, { JOIN_TIMEOUT_MS: '1000' });
  const idle = await RawClient.open(t, server.signalingUrl);
  // Words alone are no join.
  await idle.ask('ping', {});
  const busy = await RawClient.open(t, server.signalingUrl);
  await busy.join('team');
  assert.deepEqual(await idle.closing(), { code: 4000, reason: 'timeout' });
  assert.equal(idle.events('bye')[0]?.reconnect, false);
  await busy.request('chat', { id: randomId(), text: 'still here' });
});

test('JOIN_TIMEOUT_MS: a join that takes longer than that is not cut short', async (t) => {
  const workers = new TestWorkers(t);
  const env = { JOIN_TIMEOUT_MS: '1000', COMMAND_TIMEOUT_MS: '10000' };
  const server = await startServer(t, env);
  const ada = await RawClient.open(t, server.signalingUrl);
  const { joining } = await workers.whileFrozen(async () => {
    const joining = ada.join('team');
    // Opened later, and sent away for it already.
    const idle = await RawClient.open(t, server.signalingUrl);
    assert.equal((await idle.closing()).code, 4000);
    return { joining };
  });
  await joining;
  await ada.request('chat', { id: randomId(), text: 'here I am' });
});

test('JOIN_TIMEOUT_MS: a join that nobody could read is none', async (t) => {
  const server = await startServer(t, { JOIN_TIMEOUT_MS: '1000' });
  const ada = await RawClient.open(t, server.signalingUrl);
  assert.equal(await ada.outcome('join', {}), 'bad_message');
  assert.deepEqual(await ada.closing(), { code: 4000, reason: 'timeout' });
});

test('JOIN_TIMEOUT_MS: a join that failed leaves the socket as idle as before', async (t) => {
  const workers = new TestWorkers(t);
  const env = { JOIN_TIMEOUT_MS: '1000', COMMAND_TIMEOUT_MS: '1500' };
  const server = await startServer(t, env);
  const ada = await RawClient.open(t, server.signalingUrl);
  await workers.whileFrozen(async () => {
    await assert.rejects(ada.join('team'), { code: 'timeout' });
    assert.deepEqual(await ada.closing(), { code: 4000, reason: 'timeout' });
  });
});

test('HEARTBEAT_INTERVAL_MS: a socket that does not answer pings is cut, and its place is kept', async (t) => {
  const server = await startServer(t, { HEARTBEAT_INTERVAL_MS: '400' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const silent = await RawClient.open(t, server.signalingUrl, { autoPong: false });
  await ada.join('team');
  const joined = await silent.join('team');
  assert.equal((await silent.closing()).code, 1006);
  await ada.event('patch', ({ ops }) => ops.some((op) => op.op === 'presence' && !op.online));
  const back = await RawClient.open(t, server.signalingUrl);
  await back.resume('team', joined, 1);
});

test('a socket that answers pings, or says anything, lives on', async (t) => {
  const server = await startServer(t, { HEARTBEAT_INTERVAL_MS: '100' });
  const quiet = await RawClient.open(t, server.signalingUrl);
  const chatty = await RawClient.open(t, server.signalingUrl, { autoPong: false });
  await quiet.join('team');
  await chatty.join('team');
  let pings = 0;
  quiet.socket.on('ping', () => pings++);
  await until('ten heartbeats', async () => {
    await chatty.ask('ping', {});
    assert.ok(pings >= 10, `${pings} pings`);
  });
  await quiet.request('snapshot', {});
  await chatty.request('snapshot', {});
});

test('MAX_SEND_BUFFER_BYTES: who does not read is cut, and nobody else waits for them', async (t) => {
  const server = await startServer(t, {
    MAX_SEND_BUFFER_BYTES: '65536',
    CHAT_MESSAGES_PER_MINUTE: '6000',
    MESSAGES_PER_SECOND: '10000',
    MESSAGE_BURST: '10000',
  });
  const talker = await RawClient.open(t, server.signalingUrl);
  const reader = await RawClient.open(t, server.signalingUrl);
  const deaf = await RawClient.open(t, server.signalingUrl);
  await talker.join('team');
  await reader.join('team');
  const joined = await deaf.join('team');
  deaf.socket.pause();
  let said = 0;
  await until(
    'the deaf one to be cut',
    async () => {
      const text = 'x'.repeat(2_000);
      const batch = Array.from({ length: 100 }, () =>
        talker.request('chat', { id: randomId(), text }),
      );
      said += (await Promise.all(batch)).length;
      assert.equal(server.counts().socket, 2);
    },
    { everyMs: 1 },
  );
  await until('the reader to have it all', () => {
    const heard = reader.events('patch').filter(({ ops }) => ops[0]?.op === 'chat');
    assert.equal(heard.length, said);
  });
  deaf.socket.resume();
  const back = await RawClient.open(t, server.signalingUrl);
  const { participants } = (await back.resume('team', joined, 1)).snapshot ?? {};
  assert.equal(participants?.length ?? 3, 3, 'they are still in the room');
});

test('GRACE_PERIOD_MS of 0: a lost socket ends the session at once', async (t) => {
  const server = await startServer(t, { GRACE_PERIOD_MS: '0' });
  const ada = await RawClient.open(t, server.signalingUrl);
  await ada.join('team');
  await ada.drop();
  await server.becomesIdle();
});

test('COMMAND_TIMEOUT_MS: a media worker that hangs makes joins fail in time, and leaves nothing', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { COMMAND_TIMEOUT_MS: '1000' });
  const ada = await RawClient.open(t, server.signalingUrl);
  await ada.join('team');
  await workers.whileFrozen(async () => {
    const ben = await RawClient.open(t, server.signalingUrl);
    await assert.rejects(ben.join('team'), { code: 'timeout' });
    await assert.rejects(ben.join('another-room'), { code: 'timeout' });
    await ada.request('chat', { id: randomId(), text: 'words need no media' });
    assert.equal((await ada.request('snapshot', {})).participants.length, 1);
    await ben.drop();
  });
  const cy = await RawClient.open(t, server.signalingUrl);
  const { media } = await until('the worker to have caught up', () => cy.join('team'));
  await cy.request('publish', publication(media.epoch));
  for (const client of [ada, cy]) await client.request('leave', {});
  await server.becomesIdleBut(2);
});

test('a track that could not be published in time is not sent by stealth later', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { COMMAND_TIMEOUT_MS: '1000' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const ben = await RawClient.open(t, server.signalingUrl);
  const { media } = await ada.join('team');
  await ben.join('team');
  await workers.whileFrozen(async () => {
    assert.equal(await ada.outcome('publish', publication(media.epoch)), 'timeout');
    assert.deepEqual((await ben.request('snapshot', {})).tracks, []);
  });
  // Whatever comes of it comes before this.
  const second = publication(media.epoch, { source: 'camera' });
  await ada.request('publish', second);
  await ben.event('consumers', ({ consumers }) =>
    consumers.some(({ trackId }) => trackId === second.trackId),
  );
  assert.deepEqual([server.counts().producer, server.counts().consumer], [1, 1]);
});
