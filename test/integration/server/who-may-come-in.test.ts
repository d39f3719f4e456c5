// Handshake and invitations: who gets a socket, and who gets into a room.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import {
  APPLICATION,
  applicationToken,
  WITH_APPLICATION,
} from '../../support/server/application.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

test('pages of strangers get no socket, the server’s own and allowed ones do', async (t) => {
  const server = await startServer(t, { ALLOWED_ORIGINS: 'https://partner.example' });
  const { host } = new URL(server.url);
  for (const origin of [`http://${host}`, 'https://partner.example']) {
    const client = await RawClient.open(t, server.signalingUrl, { origin });
    await client.ask('ping', {});
  }
  for (const origin of [
    'https://evil.example',
    'null',
    'http://127.0.0.1:1',
    `${host}.evil.example`,
  ]) {
    await assert.rejects(RawClient.open(t, server.signalingUrl, { origin }), /403/, origin);
  }
  await assert.rejects(
    RawClient.open(t, server.signalingUrl, {
      origin: 'https://evil.example',
      headers: { 'x-forwarded-host': 'evil.example' },
    }),
    /403/,
    'nobody may say himself which host he asked for',
  );
});

test('behind a trusted proxy the host is the one that the proxy was asked for', async (t) => {
  const server = await startServer(t, { TRUST_PROXY: 'true' });
  await RawClient.open(t, server.signalingUrl, {
    origin: 'https://call.example',
    headers: { 'x-forwarded-host': 'call.example', 'x-forwarded-proto': 'https' },
  });
});

test('a client of another version gets an error that it can show', async (t) => {
  const server = await startServer(t);
  for (const protocols of [['parley.v2'], ['parley.v99', 'something'], ['chat']]) {
    const client = await RawClient.open(t, server.signalingUrl, { protocols });
    assert.deepEqual(await client.closing(), { code: 4000, reason: 'unsupported_version' });
    const [bye] = client.events('bye');
    assert.deepEqual([bye?.error.code, bye?.reconnect], ['unsupported_version', false]);
  }
  const both = await RawClient.open(t, server.signalingUrl, {
    protocols: ['parley.v2', 'parley.v1'],
  });
  assert.equal(both.socket.protocol, 'parley.v1');
  await both.join('team');
});

test('a socket without any version is not taken for one of ours', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.open(t, server.signalingUrl, { protocols: [] });
  assert.deepEqual(await client.closing(), { code: 4000, reason: 'unsupported_version' });
});

test('what strangers do wrong is no error in the operator’s log', async (t) => {
  const server = await startServer(t);
  const tooLarge = await RawClient.open(t, server.signalingUrl);
  tooLarge.socket.send('x'.repeat(300_000));
  assert.equal((await tooLarge.closing()).code, 1009);
  const { port } = new URL(server.url);
  const handshake = `GET /signaling HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  const badFrame = '\xff\xff\xff\xff';
  for (const bytes of ['NONSENSE\r\n\r\n', `${handshake}\r\n`, `${handshake}${key}${badFrame}`]) {
    const stranger = connect(Number(port), '127.0.0.1');
    stranger.on('error', () => {});
    stranger.write(bytes, 'latin1');
    stranger.resume();
    await once(stranger, 'close');
  }
  const vanished = await RawClient.open(t, server.signalingUrl);
  await vanished.join('team');
  await vanished.drop();
  const severe = server.logLines.filter((line) => JSON.parse(line).level >= 40);
  assert.deepEqual(severe, []);
});

test('an invitation opens its room, with the role and the name that stand in it', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const ada = await RawClient.open(t, server.signalingUrl);
  const invitation = await applicationToken({ room: 'team', role: 'host', name: 'Ada' });
  const { snapshot } = await ada.join('team', { name: 'Somebody Else', token: invitation });
  assert.deepEqual(
    snapshot.participants.map(({ name, role }) => [name, role]),
    [['Ada', 'host']],
  );
  const ben = await RawClient.open(t, server.signalingUrl);
  const open = await applicationToken({ room: 'team', role: 'guest' });
  const second = await ben.join('team', { name: 'Ben', token: open });
  assert.equal(second.snapshot.participants[1]?.name, 'Ben');
});

test('any other invitation opens nothing, each with its own reason', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const ada = await RawClient.open(t, server.signalingUrl);
  const good = await applicationToken({ room: 'team', role: 'guest' });
  const forged = await applicationToken({ room: 'team', role: 'host' }, 60, {
    id: APPLICATION.id,
    secret: 'another-secret-than-that-of-the-application',
  });
  const join = (given: object) =>
    ada.outcome('join', {
      room: 'team',
      name: 'Ada',
      rtpCapabilities: ROUTER_RTP_CAPABILITIES,
      ...given,
    });
  assert.equal(await join({}), 'token_required');
  assert.equal(
    await join({ token: await applicationToken({ room: 'board', role: 'host' }) }),
    'token_wrong_room',
  );
  assert.equal(
    await join({ token: await applicationToken({ room: 'team', role: 'guest' }, -10) }),
    'token_expired',
  );
  assert.equal(await join({ token: forged }), 'token_invalid');
  assert.equal(await join({ token: '' }), 'token_invalid');
  assert.equal(await join({ token: 'x'.repeat(4_097) }), 'bad_message');
  assert.equal(await join({ token: 7 }), 'bad_message');
  assert.deepEqual([server.counts().session, server.counts().router], [0, 0]);
  assert.equal(await join({ token: good }), 'ok');
});

test('a resume needs no invitation: it has the secret of its session', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const ada = await RawClient.open(t, server.signalingUrl);
  const invitation = await applicationToken({ room: 'team', role: 'host' }, 3);
  const joined = await ada.join('team', { token: invitation });
  await ada.drop();
  await until('the invitation to have ended', async () => {
    const ben = await RawClient.open(t, server.signalingUrl);
    const { room, rtpCapabilities } = { room: 'team', rtpCapabilities: ROUTER_RTP_CAPABILITIES };
    const asked = { room, name: 'Ben', token: invitation, rtpCapabilities };
    const outcome = await ben.outcome('join', asked);
    await ben.drop();
    assert.equal(outcome, 'token_expired');
  });
  const back = await RawClient.open(t, server.signalingUrl);
  const { media } = await back.resume('team', joined, 1);
  assert.equal(media.epoch, joined.media.epoch);
});

test('a viewer watches and chats, and shares nothing', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const host = await RawClient.open(t, server.signalingUrl);
  const viewer = await RawClient.open(t, server.signalingUrl);
  const hostJoined = await host.join('team', {
    token: await applicationToken({ room: 'team', role: 'host' }),
  });
  const { media } = await viewer.join('team', {
    token: await applicationToken({ room: 'team', role: 'viewer' }),
  });
  assert.equal(await viewer.outcome('publish', publication(media.epoch)), 'forbidden');
  await host.request('publish', publication(hostJoined.media.epoch));
  await viewer.event('consumers');
  await viewer.request('chat', { id: randomId(), text: 'a question' });
  assert.equal((await host.request('snapshot', {})).tracks.length, 1);
});
