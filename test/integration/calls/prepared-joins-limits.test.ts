// What may be prepared before a join, by whom, how often and for how long; and that a join is never worse for it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../../support/process/until.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const FINGERPRINT = { algorithm: 'sha-256', value: Array(32).fill('AB').join(':') } as const;
const DTLS = { role: 'client', fingerprints: [FINGERPRINT] } as const;

const open = (t: TestContext, { signalingUrl }: { signalingUrl: string }) =>
  RawClient.open(t, signalingUrl);

const counted = (server: TestServer) => {
  const { prepared, transport, router, session } = server.counts();
  return { prepared, transport, router, session };
};

async function holds(server: TestServer, expected: ReturnType<typeof counted>): Promise<void> {
  await until('the server to have no more than that', () => {
    assert.deepEqual(counted(server), expected);
  });
}

test('the answer of the join is what was prepared, and no transport more', async (t) => {
  const server = await startServer(t);
  const client = await open(t, server);
  const { id, epoch, send, recv, forMs } = await client.prepare('team');
  assert.equal(forMs, server.config.limits.preparedSeconds * 1000);
  await holds(server, { prepared: 1, transport: 2, router: 1, session: 0 });
  const { media } = await client.join('team', { prepared: id });
  assert.deepEqual([media.epoch, media.send.id, media.recv.id], [epoch, send.id, recv.id]);
  assert.deepEqual(media.send.iceParameters, send.iceParameters);
  await holds(server, { prepared: 0, transport: 2, router: 1, session: 1 });
  await client.request('leave', {});
  await server.becomesIdleBut(1);
});

test('the first tracks wait until the client can decode them: the path is up already', async (t) => {
  const server = await startServer(t);
  const ada = await open(t, server);
  const { media } = await ada.join('team');
  await ada.request('publish', publication(media.epoch, { source: 'camera' }));
  const ben = await open(t, server);
  const { id } = await ben.prepare('team');
  const joined = await ben.join('team', { prepared: id });
  assert.deepEqual(
    joined.media.consumers.map(({ waiting }) => waiting),
    [true],
  );
  const eve = await open(t, server);
  const other = await eve.join('team');
  assert.deepEqual(
    other.media.consumers.map(({ waiting }) => waiting),
    [false],
    'without',
  );
});

test('it is no participant: nothing of a call works on it, and a full room is as full as before', async (t) => {
  const server = await startServer(t, { MAX_PARTICIPANTS_PER_ROOM: '1' });
  const ben = await open(t, server);
  const { id, epoch, send } = await ben.prepare('team');
  const track = publication(epoch, { source: 'camera' });
  assert.equal(await ben.outcome('publish', track), 'not_joined');
  const receive = { epoch, consumerIds: [] };
  assert.equal(await ben.outcome('ready', receive), 'not_joined');
  const connect = { epoch, direction: 'send', dtlsParameters: DTLS };
  assert.equal(await ben.outcome('connect', connect), 'not_joined');
  const ada = await open(t, server);
  const { snapshot } = await ada.join('team');
  assert.deepEqual(
    snapshot.participants.map(({ name }) => name),
    ['Somebody'],
  );
  await assert.rejects(ben.join('team', { prepared: id }), { code: 'room_full' });
  // What was refused leaves nothing behind, and the socket may try again.
  await holds(server, { prepared: 0, transport: 2, router: 1, session: 1 });
  await ada.request('leave', {});
  const { media } = await ben.join('team', { prepared: id });
  assert.notEqual(media.send.id, send.id);
  assert.deepEqual(ada.events('patch').length + ada.events('patches').length, 0);
});

test('only its own socket can name it, and only for its room', async (t) => {
  const server = await startServer(t);
  const [ada, eve] = [await open(t, server), await open(t, server)];
  const { id, epoch } = await ada.prepare('team');
  const stolen = await eve.join('team', { prepared: id });
  assert.notEqual(stolen.media.epoch, epoch);
  const connect = { direction: 'send', dtlsParameters: DTLS } as const;
  const mallory = await open(t, server);
  assert.equal(await mallory.outcome('prepareConnect', { id, ...connect }), 'media_failed');
  const other = await mallory.prepare('team');
  assert.equal(await mallory.outcome('prepareConnect', { id, ...connect }), 'media_failed');
  assert.equal(await mallory.outcome('prepareConnect', { ...connect, id: other.id }), 'ok');
  const elsewhere = await ada.join('another', { prepared: id });
  assert.notEqual(elsewhere.media.epoch, epoch);
  await holds(server, { prepared: 1, transport: 6, router: 2, session: 2 });
});

test('it needs the token that the join needs', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const client = await open(t, server);
  const outcome = (token?: string) =>
    client.outcome('prepare', { room: 'team', ...(token !== undefined && { token }) });
  assert.equal(await outcome(), 'token_required');
  assert.equal(await outcome('made.up.token'), 'token_invalid');
  const other = await applicationToken({ room: 'another', role: 'guest' });
  assert.equal(await outcome(other), 'token_wrong_room');
  const expired = await applicationToken({ room: 'team', role: 'guest' }, -60);
  assert.equal(await outcome(expired), 'token_expired');
  assert.equal(server.counts().prepared, 0);
  const again = await open(t, server);
  const token = await applicationToken({ room: 'team', role: 'guest' });
  const { id, epoch } = await again.prepare('team', { token });
  await assert.rejects(again.join('team', { prepared: id }), { code: 'token_required' });
  const next = await again.prepare('team', { token });
  const { media } = await again.join('team', { prepared: next.id, token });
  assert.deepEqual([media.epoch === next.epoch, media.epoch > epoch], [true, true]);
});

test('a token that ends while it waits lets nobody in', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const client = await open(t, server);
  const token = await applicationToken({ room: 'team', role: 'guest' }, 2);
  const { id } = await client.prepare('team', { token });
  await until('the token to end', async () => {
    await using probe = await open(t, server);
    assert.equal(await probe.outcome('prepare', { room: 'team', token }), 'token_expired');
  });
  await assert.rejects(client.join('team', { prepared: id, token }), { code: 'token_expired' });
  await client.drop();
  await server.becomesIdle();
});

test('MAX_PREPARED: no more than that on a node, and whoever is too many joins all the same', async (t) => {
  const server = await startServer(t, { MAX_PREPARED: '2' });
  const clients = [await open(t, server), await open(t, server), await open(t, server)] as const;
  await clients[0].prepare('team');
  await clients[1].prepare('team');
  await clients[2].request('prepare', { room: 'team' });
  await clients[2].join('team');
  assert.equal(clients[2].events('prepared').length, 0);
  await holds(server, { prepared: 2, transport: 6, router: 1, session: 1 });
  await clients[0].drop();
  const late = await open(t, server);
  await until('room for another', () => prepareOnce(late));
});

/** Rejects while there is no room. */
async function prepareOnce(client: RawClient): Promise<void> {
  await client.request('prepare', { room: 'team' });
  await client.settled();
  await client.event('prepared');
}

test('MAX_PREPARED_PER_ADDRESS: one address has its share, others have theirs', async (t) => {
  const server = await startServer(t, { TRUST_PROXY: 'true', MAX_PREPARED_PER_ADDRESS: '2' });
  const from = (ip: string) =>
    RawClient.open(t, server.signalingUrl, { headers: { 'x-forwarded-for': ip } });
  const sockets = [
    await from('203.0.113.66'),
    await from('203.0.113.66'),
    await from('203.0.113.66'),
  ] as const;
  await sockets[0].prepare('team');
  await sockets[1].prepare('team');
  const refused = await sockets[2].outcome('prepare', { room: 'team' });
  assert.equal(refused, 'too_many_from_address');
  await (await from('198.51.100.7')).prepare('team');
  // The join is not the worse for it.
  await sockets[2].join('team');
  // Who has joined counts no more.
  await sockets[0].join('team');
  await (await from('203.0.113.66')).prepare('team');
});

test('one socket has one at a time, and a few in all', async (t) => {
  const server = await startServer(t);
  const client = await open(t, server);
  for (let n = 0; n < 5; n++) await client.prepare('team');
  await holds(server, { prepared: 1, transport: 2, router: 1, session: 0 });
  assert.equal(await client.outcome('prepare', { room: 'team' }), 'rate_limited');
  await client.join('team');
  assert.equal(await client.outcome('prepare', { room: 'team' }), 'already_joined');
});

test('PREPARED_SECONDS: the socket is closed then, and nothing is left', async (t) => {
  const server = await startServer(t, { PREPARED_SECONDS: '1', JOIN_TIMEOUT_MS: '300' });
  const client = await open(t, server);
  const { id, forMs } = await client.prepare('team');
  assert.equal(forMs, 1_000);
  // Longer than JOIN_TIMEOUT_MS, and it is there.
  const other = await open(t, server);
  await other.closing();
  const connect = { id, direction: 'recv', dtlsParameters: DTLS };
  assert.equal(await client.outcome('prepareConnect', connect), 'ok');
  await client.closing();
  assert.equal((await client.event('bye')).error.code, 'timeout');
  await server.becomesIdle();
});
