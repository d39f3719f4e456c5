// Every limit at its edge: as many as allowed are taken, one more is refused with its own code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { ParleyError } from '../../../shared/errors.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const say = (text = 'hello') => ({ id: randomId(), text });
const count = (outcomes: readonly string[], code: string) =>
  outcomes.filter((outcome) => outcome === code).length;

test('MAX_PARTICIPANTS_PER_ROOM: the room is full for one more, and not after somebody left', async (t) => {
  const server = await startServer(t, { MAX_PARTICIPANTS_PER_ROOM: '3' });
  const people = await Promise.all([1, 2, 3, 4].map(() => RawClient.open(t, server.signalingUrl)));
  const [first, , , late] = people;
  for (const person of people.slice(0, 3)) await person.join('team');
  await assert.rejects(late?.join('team') ?? Promise.resolve(), { code: 'room_full' });
  await late?.join('another-room');
  await late?.request('leave', {});
  await first?.request('leave', {});
  await late?.join('team');
});

test('MAX_TRACKS_PER_PARTICIPANT: one more is too many, for each participant apart', async (t) => {
  const server = await startServer(t, { MAX_TRACKS_PER_PARTICIPANT: '2' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const ben = await RawClient.open(t, server.signalingUrl);
  const { epoch } = (await ada.join('team')).media;
  const other = (await ben.join('team')).media.epoch;
  const first = publication(epoch);
  await ada.request('publish', first);
  await ada.request('publish', publication(epoch, { source: 'camera' }));
  const third = publication(epoch, { source: 'screen' });
  assert.equal(await ada.outcome('publish', third), 'too_many_tracks');
  assert.equal(await ada.outcome('publish', first), 'ok', 'the same again is not one more');
  assert.equal(await ben.outcome('publish', publication(other)), 'ok');
  await ada.request('unpublish', { trackId: first.trackId });
  assert.equal(await ada.outcome('publish', third), 'ok');
});

test('MAX_SESSIONS_PER_REPLICA: exactly as many get in, however many come at once', async (t) => {
  const server = await startServer(t, { MAX_SESSIONS_PER_REPLICA: '3' });
  const people = await Promise.all(
    Array.from({ length: 8 }, () => RawClient.open(t, server.signalingUrl)),
  );
  const outcomes = await Promise.all(
    people.map((person, n) =>
      person.join(`room-${n % 2}`).then(
        () => 'ok',
        ({ code, retryAfterMs }) => `${code} ${retryAfterMs > 0}`,
      ),
    ),
  );
  assert.equal(count(outcomes, 'ok'), 3);
  assert.equal(count(outcomes, 'no_capacity true'), 5);
  assert.equal(server.counts().peer, 3);
  await people[outcomes.indexOf('ok')]?.request('leave', {});
  const late = people[outcomes.indexOf('no_capacity true')];
  await until('a place to be free', () => late?.join('room-0'));
});

test('MAX_ROOMS_PER_REPLICA: one more room is refused, more people in those there are is not', async (t) => {
  const server = await startServer(t, { MAX_ROOMS_PER_REPLICA: '2' });
  const people = await Promise.all([1, 2, 3, 4].map(() => RawClient.open(t, server.signalingUrl)));
  const [ada, ben, cleo, dan] = people;
  await ada?.join('one');
  await ben?.join('two');
  await assert.rejects(cleo?.join('three') ?? Promise.resolve(), { code: 'no_capacity' });
  await cleo?.join('two');
  await ada?.request('leave', {});
  await until('a room to be free', () => dan?.join('three'));
});

test('MAX_SOCKETS: one more is answered 503, however many come at once', async (t) => {
  const server = await startServer(t, { MAX_SOCKETS: '5' });
  const attempts = Array.from({ length: 20 }, () =>
    RawClient.open(t, server.signalingUrl).then(
      (client) => client,
      (error: Error) => error.message,
    ),
  );
  const outcomes = await Promise.all(attempts);
  const open = outcomes.filter((outcome) => outcome instanceof RawClient);
  assert.equal(open.length, 5);
  assert.equal(outcomes.filter((outcome) => /503/.test(String(outcome))).length, 15);
  await open[0]?.drop();
  await until('a place to be free', () => RawClient.open(t, server.signalingUrl));
});

test('MAX_MESSAGE_BYTES: a message of that size is read, one byte more is not', async (t) => {
  const server = await startServer(t, { MAX_MESSAGE_BYTES: '16384' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const message = (size: number) => {
    const start = '{"id":1,"method":"ping","params":{"x":"';
    return `${start}${'x'.repeat(size - start.length - 3)}"}}`;
  };
  const answered = new Promise((resolve) =>
    ada.socket.once('message', (data) => resolve(String(data))),
  );
  ada.socket.send(message(16_384));
  assert.deepEqual(JSON.parse(String(await answered)), { id: 1, result: {} });
  ada.socket.send(message(16_385));
  await until('the refusal', () => assert.equal(ada.refusals[0]?.code, 'message_too_large'));
  await ada.join('team');
  // In bytes, not in characters: these take three each.
  ada.socket.send(`{"id":9,"method":"ping","params":"${'€'.repeat(6_000)}"}`);
  await until('the refusal', () => assert.equal(ada.refusals[1]?.code, 'message_too_large'));
  ada.socket.send(message(16_384 * 4 + 1));
  assert.equal((await ada.closing()).code, 1009, 'far too large is not even read');
});

test('MESSAGE_BURST and MESSAGES_PER_SECOND: a burst is taken, then the rate', async (t) => {
  const server = await startServer(t, { MESSAGE_BURST: '10', MESSAGES_PER_SECOND: '5' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const startedAt = performance.now();
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => ada.outcome('ping', {})));
  const refilled = Math.ceil(((performance.now() - startedAt) / 1_000) * 5);
  const answered = count(outcomes, 'ok');
  assert.ok(answered >= 10 && answered <= 10 + refilled, `${answered} of 30 were answered`);
  assert.equal(count(outcomes, 'rate_limited'), 30 - answered);
  // Where this machine was slow there may be one more by now.
  const refusal = await until(
    'a refusal',
    () =>
      ada.ask('ping', {}).then(
        () => assert.fail('it was answered'),
        (error: ParleyError) => error,
      ),
    { everyMs: 0 },
  );
  assert.equal(refusal.code, 'rate_limited');
  const { retryAfterMs = 0 } = refusal;
  assert.ok(retryAfterMs > 0 && retryAfterMs <= 200, `${retryAfterMs} ms`);
  await until('the rate to allow one more', () => ada.ask('ping', {}), { everyMs: 210 });
});

test('MAX_REFUSED_MESSAGES: the last of them closes the socket, not one before', async (t) => {
  const server = await startServer(t, { MAX_REFUSED_MESSAGES: '5' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const ben = await RawClient.open(t, server.signalingUrl);
  await ada.join('team');
  await ben.join('team');
  for (let n = 0; n < 4; n++) assert.equal(await ada.outcome('sing', {}), 'unknown_method');
  await ada.request('chat', say('four are forgiven'));
  ada.socket.send('not JSON');
  assert.equal((await ada.closing()).code, 4001);
  assert.equal(ada.refusals[0]?.code, 'bad_message', 'also the last one was answered');
  await ben.request('chat', say('and nobody else is hurt'));
});

test('CHAT_MESSAGES_PER_MINUTE: a participant has a rate, whatever socket they use', async (t) => {
  const server = await startServer(t, { CHAT_MESSAGES_PER_MINUTE: '3' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const ben = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  await ben.join('team');
  for (let n = 0; n < 3; n++) assert.equal(await ada.outcome('chat', say()), 'ok');
  assert.equal(await ada.outcome('chat', say()), 'rate_limited');
  const again = await RawClient.open(t, server.signalingUrl);
  await again.resume('team', joined, 1);
  assert.equal(await again.outcome('chat', say()), 'rate_limited');
  assert.equal(await ben.outcome('chat', say()), 'ok');
  assert.equal((await ben.request('snapshot', {})).chat.length, 4);
});

test('CHAT_HISTORY: a later participant gets this many messages', async (t) => {
  const server = await startServer(t, { CHAT_HISTORY: '2' });
  const ada = await RawClient.open(t, server.signalingUrl);
  await ada.join('team');
  for (const text of ['one', 'two', 'three']) await ada.request('chat', say(text));
  const ben = await RawClient.open(t, server.signalingUrl);
  const { snapshot } = await ben.join('team');
  assert.deepEqual(
    snapshot.chat.map(({ text }) => text),
    ['two', 'three'],
  );
});

test('PATCH_HISTORY: as many changes as are kept are replayed, one more is a snapshot', async (t) => {
  const server = await startServer(t, { PATCH_HISTORY: '4' });
  const ben = await RawClient.open(t, server.signalingUrl);
  await ben.join('team');
  for (const missed of [2, 3]) {
    const ada = await RawClient.open(t, server.signalingUrl);
    const joined = await ada.join('team');
    // Going and coming back are two changes themselves.
    for (let n = 0; n < missed; n++) await ben.request('chat', say());
    await ada.drop();
    const back = await RawClient.open(t, server.signalingUrl);
    const { patches } = await back.resume('team', joined, joined.snapshot.version);
    assert.equal(patches?.length, missed === 2 ? 4 : undefined, `${missed} messages were missed`);
    await back.request('leave', {});
  }
});

test('WORKERS: as many as asked for, each on a port of its own', async (t) => {
  const server = await startServer(t, { WORKERS: '3' });
  assert.equal(server.counts().worker, 3);
  assert.equal(new Set(server.app.media.ports).size, 3);
});

test('fifty people at once: nobody is lost, nobody is there twice', async (t) => {
  const server = await startServer(t, { MAX_PARTICIPANTS_PER_ROOM: '50' });
  const clients = await Promise.all(
    Array.from({ length: 60 }, () => RawClient.open(t, server.signalingUrl)),
  );
  const outcomes = await Promise.all(
    clients.map((client) =>
      client.join('team').then(
        () => 'ok',
        ({ code }) => code,
      ),
    ),
  );
  assert.deepEqual([count(outcomes, 'ok'), count(outcomes, 'room_full')], [50, 10]);
  const inside = clients[outcomes.indexOf('ok')];
  assert.equal((await inside?.request('snapshot', {}))?.participants.length, 50);
});
