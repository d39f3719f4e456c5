// The TURN pool of a running server, with real coturn: changed live, and left by those who used what
// goes away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { AUTH_TOKEN, entryOf, idOf, Operator } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { startCoturn, turnPassword } from '../../support/turn/coturn.ts';

import { HOSTS, join, serversIn, start } from './pool-scene.ts';

test('a server is added, drained, taken back and removed while people talk', async (t) => {
  const { server, operator, one, two } = await start(t);
  const ada = await join(t, server, operator);
  assert.deepEqual(ada.given, [idOf(one)]);

  const added = await operator.ask('POST', '/api/turn', entryOf(two));
  assert.deepEqual(
    [added.status, added.answer],
    [201, { id: idOf(two), replaced: false, draining: null }],
  );
  await operator.shows(two, 'in-service');
  const ben = await join(t, server, operator);
  assert.deepEqual(ben.given, [idOf(one), idOf(two)]);

  await operator.drain(one, { move: false });
  await operator.shows(one, 'draining');
  await until('newcomers to get the other one alone', async () => {
    assert.deepEqual((await join(t, server, operator)).given, [idOf(two)]);
  });
  assert.deepEqual(ada.client.events('iceServers'), [], 'a drain that waits moves nobody');

  await operator.drain(one, { move: true });
  for (const { client } of [ada, ben]) {
    const moved = await client.event('iceServers', ({ move }) => move === true);
    assert.deepEqual(serversIn(moved.iceServers), [idOf(two)]);
  }

  await operator.resume(one);
  await operator.shows(one, 'in-service');
  const removed = await operator.remove(two);
  assert.equal(removed.status, 204);
  const back = await ada.client.event(
    'iceServers',
    ({ move, iceServers }) => move === true && serversIn(iceServers).includes(idOf(one)),
  );
  assert.deepEqual(serversIn(back.iceServers), [idOf(one)]);
  assert.equal((await operator.overview()).servers.length, 1);
});

test('a new secret reaches those who are in a call, without moving them', async (t) => {
  const { server, operator, one } = await start(t);
  const ada = await join(t, server, operator);
  const [had] = ada.joined.media.iceServers;

  await operator.ask('POST', '/api/turn', { ...entryOf(one), secret: 'another-secret' });
  const rotated = await ada.client.event('iceServers');
  const [has] = rotated.iceServers;
  assert.equal(rotated.move, false);
  assert.deepEqual(has?.urls, had?.urls);
  assert.equal(has?.credential, turnPassword(has?.username ?? '', 'another-secret'));
});

test('a new secret of one of two servers that shared theirs reaches those who have both', async (t) => {
  const { server, operator, one, two } = await start(t);
  await operator.ask('POST', '/api/turn', entryOf(two));
  await operator.shows(two, 'in-service');
  const ada = await join(t, server, operator);
  assert.equal(ada.given.length, 2);
  await operator.ask('POST', '/api/turn', { ...entryOf(one), secret: 'another-secret' });
  const { iceServers, move } = await ada.client.event('iceServers');
  assert.equal(move, false);
  for (const { username = '', credential, urls } of iceServers) {
    const isOne = urls.some((url) => url.includes(idOf(one)));
    const secret = isOne ? 'another-secret' : undefined;
    assert.equal(credential, turnPassword(username, secret));
  }
});

test('the same addresses under another name move no client', async (t) => {
  const { server, operator, one } = await start(t);
  const ada = await join(t, server, operator);
  await operator.ask('POST', '/api/turn', { ...entryOf(one), id: 'renamed' });
  await operator.drain(one, { move: true });
  const { iceServers, move } = await ada.client.event('iceServers');
  assert.deepEqual([iceServers[0]?.urls, move], [ada.joined.media.iceServers[0]?.urls, false]);
  await until('the sessions to count for that one', async () => {
    const { servers } = await operator.overview();
    assert.equal(servers.find(({ id }) => id === 'renamed')?.sessions, 1);
  });
});

test('the last server is removed: newcomers get none, and whom it relays keep what they have', async (t) => {
  const two = await startCoturn('secret', { address: HOSTS[1] });
  ownedBy(t).use(two);
  const server = await startServer(t, { AUTH_TOKEN });
  const operator = new Operator(server.url);
  await operator.ask('POST', '/api/turn', entryOf(two));
  await operator.shows(two, 'in-service');
  const ada = await join(t, server, operator);
  assert.deepEqual(ada.given, [idOf(two)]);
  assert.equal((await operator.remove(two)).status, 204);
  await until('newcomers to get none', async () => {
    assert.deepEqual((await join(t, server, operator)).given, []);
  });
  assert.deepEqual(ada.client.events('iceServers'), []);

  await ada.client.drop();
  const back = await RawClient.open(t, server.signalingUrl);
  const resumed = await back.resume('team', ada.joined, 1);
  assert.deepEqual(serversIn(resumed.media.iceServers), ada.given, 'also after a lost socket');
  await operator.ask('POST', '/api/turn', { ...entryOf(two), id: 'another' });
  const { iceServers, move } = await back.event('iceServers');
  assert.deepEqual([serversIn(iceServers), move], [ada.given, false], 'the next one is told');
});

test('the name of a server may be as long as names may be', async (t) => {
  const { operator, two } = await start(t);
  const id = 'n'.repeat(128);
  assert.equal((await operator.ask('POST', '/api/turn', { ...entryOf(two), id })).status, 201);
  assert.equal((await operator.ask('POST', `/api/turn/${id}/drain`, {})).status, 200);
  assert.equal((await operator.ask('DELETE', `/api/turn/${id}`)).status, 204);
});
