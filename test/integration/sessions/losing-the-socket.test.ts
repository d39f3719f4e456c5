// The signalling socket breaks under a call with media, through our SDK: what people notice of it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startRelay } from '../../support/network/relay.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer, TestServer } from '../../support/server/app.ts';
import { ownedBy } from '../../support/server/owned.ts';

/** Ada is behind a way that can be cut; Ben is not. */
async function callThroughRelay(t: TestContext, env: Record<string, string> = {}) {
  const server = await startServer(t, env);
  const relay = ownedBy(t).use(await startRelay(server.url));
  const ada = await Person.join(t, relay.url, 'team', 'Ada');
  const ben = await Person.join(t, server.url, 'team', 'Ben');
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada)]);
  return { server, relay, ada, ben };
}

const isAlone = (person: Person) =>
  until(`${person.name} to be alone`, () =>
    assert.deepEqual(
      person.call.room.participants.map(({ name }) => name),
      [person.name],
    ),
  );
const state = (person: Person) => person.call.connection.state;
const becomes = (person: Person, expected: string) =>
  until(`${person.name} to be ${expected}`, () => assert.equal(state(person), expected));

test('media flows on while the socket is away, and what was missed is there afterwards', async (t) => {
  const { relay, ada, ben } = await callThroughRelay(t);
  const before = await ada.transports();
  relay.cut();
  await becomes(ada, 'reconnecting');
  assert.equal(
    ada.call.connection.state === 'reconnecting' && ada.call.connection.mediaFlowing,
    true,
  );
  await until('Ben to see that Ada is away', () =>
    assert.equal(ben.call.room.participants.find(({ name }) => name === 'Ada')?.online, false),
  );
  await ben.call.sendChat('are you there?');
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada)]);

  relay.mend();
  await becomes(ada, 'connected');
  assert.equal(ada.call.room.chat.at(-1)?.text, 'are you there?');
  await until('Ben to see that Ada is back', () =>
    assert.ok(ben.call.room.participants.every(({ online }) => online)),
  );
  assert.equal(await ada.transports(), before, 'no transport was replaced');
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  assert.deepEqual([...ada.problems, ...ben.problems], []);
  assert.deepEqual(ada.states, ['reconnecting', 'connected']);
});

test('what was changed without a socket is said when there is one again', async (t) => {
  const { relay, ada, ben } = await callThroughRelay(t);
  relay.cut();
  await becomes(ada, 'reconnecting');
  ada.call.setMuted('microphone', true);
  ada.call.unpublish('camera');
  await ada.share('screen');
  const said = ada.call.sendChat('said into the void');
  relay.mend();
  await said;
  await until('Ben to know all of it', () => {
    const sources = ben
      .tracksOf(ada)
      .map(({ source, muted }) => `${source} ${muted ? 'muted' : 'on'}`);
    assert.deepEqual(sources.sort(), ['microphone muted', 'screen on']);
    assert.deepEqual(
      ben.call.room.chat.map(({ text }) => text),
      ['said into the void'],
    );
  });
  ada.call.setMuted('microphone', false);
  await ben.hears(ada);
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});

test('who leaves while the socket is away is gone for the others once there is one', async (t) => {
  const { relay, ada, ben } = await callThroughRelay(t, { GRACE_PERIOD_MS: '600000' });
  relay.cut();
  await becomes(ada, 'reconnecting');
  ada.call.leave();
  relay.mend();
  await isAlone(ben);
  assert.equal(state(ada), 'ended');
});

test('who leaves over a socket that died unnoticed is gone for the others all the same', async (t) => {
  const { relay, ada, ben } = await callThroughRelay(t, { GRACE_PERIOD_MS: '600000' });
  relay.lose();
  ada.call.leave();
  await isAlone(ben);
});

test('who was away for too long comes in again by themselves, with everything they share', async (t) => {
  const { server, relay, ada, ben } = await callThroughRelay(t, { GRACE_PERIOD_MS: '300' });
  const { participantId } = ada;
  const shared = [...ada.call.localTracks.values()].map(({ id }) => id).sort();
  relay.cut();
  await until('the place to be given up', () => assert.equal(server.counts().session, 1));
  await until('Ben to be alone', () => assert.equal(ben.call.room.participants.length, 1));
  relay.mend();
  await becomes(ada, 'connected');
  assert.notEqual(ada.participantId, participantId);
  await Promise.all([ada.sees(ben), ben.sees(ada), ben.hears(ada)]);
  assert.deepEqual(
    ben
      .tracksOf(ada)
      .map(({ id }) => id)
      .sort(),
    shared,
  );
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});

test('a server that is restarted gets its people back, and nobody clicks anything', async (t) => {
  const first = await TestServer.start();
  const { url } = first;
  const ada = await Person.join(t, url, 'team', 'Ada');
  const ben = await Person.join(t, url, 'team', 'Ben');
  await ada.sees(ben);
  const shared = [...ben.call.localTracks.values()].map(({ id }) => id).sort();
  await first[Symbol.asyncDispose]();
  await becomes(ada, 'reconnecting');
  await startServer(t, { PORT: new URL(url).port });
  await Promise.all([becomes(ada, 'connected'), becomes(ben, 'connected')]);
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada)]);
  assert.deepEqual(
    ada
      .tracksOf(ben)
      .map(({ id }) => id)
      .sort(),
    shared,
  );
  assert.equal(ada.call.room.participants.length, 2, 'nobody is there twice');
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});

test('ten short drops in a row leave one session, one pair of transports, and a moving picture', async (t) => {
  const { server, relay, ada, ben } = await callThroughRelay(t);
  const before = await ada.transports();
  const { timer: _, ...counts } = server.counts();
  for (let n = 0; n < 10; n++) {
    relay.cut();
    await becomes(ada, 'reconnecting');
    relay.mend();
    await becomes(ada, 'connected');
  }
  assert.equal(await ada.transports(), before);
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  await until('nothing to be open more than before', () => {
    const { timer: __, ...now } = server.counts();
    assert.deepEqual(now, counts);
  });
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});
