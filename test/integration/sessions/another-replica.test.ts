// A session moves from one web replica to another: the one it left stops acting for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const say = (client: RawClient, text: string) => client.request('chat', { id: randomId(), text });

test('people on different replicas are in one room', async (t) => {
  const { web } = await startReplicas(t, { web: 2 });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  await ben.join('team', { name: 'Ben' });
  await ada.request('publish', publication(media.epoch));
  await ben.event('consumers');
  await say(ben, 'hello over there');
  await ada.event('patch', ({ ops }) => ops[0]?.op === 'chat');
});

test('a lost socket is resumed at another replica, media untouched, and others see it', async (t) => {
  const { web, media } = await startReplicas(t, { web: 2 });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  await ben.join('team');
  const joined = await ada.join('team');
  await ada.request('publish', publication(joined.media.epoch));
  await ben.event('consumers');
  const { timer: _, ...before } = media.counts();
  await ada.drop();
  await ben.event('patch', ({ ops }) => ops.some((op) => op.op === 'presence' && !op.online));

  const back = await RawClient.open(t, web[1]!.signalingUrl);
  const resumed = await back.resume('team', joined, joined.snapshot.version);
  assert.equal(resumed.media.epoch, joined.media.epoch);
  await ben.event('patch', ({ ops }) => ops.some((op) => op.op === 'presence' && op.online));
  const { participants } = await ben.request('snapshot', {});
  assert.ok(participants.every(({ online }) => online));
  const { timer: __, ...after } = media.counts();
  assert.deepEqual(after, before);
});

test('the replica that lost it does not end the call when its patience is over', async (t) => {
  const { web, media } = await startReplicas(t, { web: 2 }, { GRACE_PERIOD_MS: '3000' });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await ada.join('team');
  await ada.request('publish', publication(joined.media.epoch));
  await ada.drop();
  const back = await RawClient.open(t, web[1]!.signalingUrl);
  await back.resume('team', joined, 1);
  await until('the first replica to have forgotten it', () =>
    assert.equal(web[0]!.resources.counts().session, 0),
  );
  await say(back, 'I am still here');
  await back.request('mute', {
    trackId: (await back.request('snapshot', {})).tracks[0]!.id,
    muted: true,
  });
  assert.deepEqual([media.counts().peer, media.counts().producer], [1, 1]);
});

test('an older socket at another replica cannot act any more, and is told', async (t) => {
  const { web, media } = await startReplicas(t, { web: 2 });
  const first = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await first.join('team');
  const second = await RawClient.open(t, web[1]!.signalingUrl);
  await second.resume('team', joined, 1);
  say(first, 'me too').catch(() => {});
  assert.deepEqual(await first.closing(), { code: 4000, reason: 'session_replaced' });
  await until('its session to be over', () => assert.equal(web[0]!.resources.counts().session, 0));
  await say(second, 'only me');
  const { chat } = await second.request('snapshot', {});
  assert.deepEqual(
    chat.map(({ text }) => text),
    ['only me'],
  );
  assert.equal(media.counts().peer, 1);
});

test('a replica that goes away sends its people to another, and the call goes on', async (t) => {
  const { web, media } = await startReplicas(t, { web: 2 });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  await ben.join('team');
  const joined = await ada.join('team');
  const closing = web[0]!.close();
  assert.deepEqual(await ada.closing(), { code: 1001, reason: 'shutting_down' });
  const [bye] = ada.events('bye');
  assert.deepEqual([bye?.error.code, bye?.reconnect], ['shutting_down', true]);
  await closing;
  const back = await RawClient.open(t, web[1]!.signalingUrl);
  assert.equal((await back.resume('team', joined, 1)).media.epoch, joined.media.epoch);
  assert.equal(media.counts().peer, 2);
});

test('two sockets that resume one lost session at once end up with one owner', async (t) => {
  const { web, cluster, media } = await startReplicas(t, { web: 2 });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await ada.join('team');
  await ada.drop();
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(t, web[1]!.signalingUrl)));
  await Promise.allSettled(clients.map((client) => client.resume('team', joined, 1)));
  await until('one of them to be left', () => {
    const { session, socket } = web[1]!.resources.counts();
    assert.deepEqual([session, socket], [1, 1]);
  });
  assert.equal((await cluster.rooms.snapshot('team'))?.participants.length, 1);
  assert.equal(media.counts().peer, 1);
});
