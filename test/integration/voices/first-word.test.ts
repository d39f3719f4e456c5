// Whoever begins to speak in a large silent room is heard from the first word: none of its frames is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadsAreKnown, startReplicas } from '../../support/cluster/replicas.ts';
import { startServer } from '../../support/server/app.ts';
import { LightRoom } from '../../support/voice/light-room.ts';

/** Twelve are a crowd. */
const PEOPLE = 12;
const LIMITS = { EVERY_VOICE_UP_TO: '4', VOICES: '2', READY_VOICES: '2' };
/** A second of numbered frames. */
const WORD = 50;

async function assertHeardWhole(room: LightRoom, places: readonly number[]): Promise<void> {
  for (const place of places) {
    const { missing } = await room.word(room.people[place]!, WORD);
    assert.deepEqual(missing, Array(PEOPLE - 1).fill(0), `the word of ${place}`);
  }
}

test('whoever speaks first in a silent room is heard by everybody from the first word', async (t) => {
  const server = await startServer(t, { ...LIMITS, WORKERS: '2', PEERS_PER_WORKER: '6' });
  const room = await LightRoom.open(t, { urls: [server.url], room: 'hall', people: PEOPLE });
  // Two on each worker, none of whom was received before; and one who is kept ready, on another worker than half of them.
  await assertHeardWhole(room, [11, 5, 8, 4, 5]);
});

test('on two nodes too', async (t) => {
  const { web, nodes, cluster } = await startReplicas(
    t,
    { web: 2, nodes: 2 },
    { ...LIMITS, SPILL_SESSIONS_PER_WORKER: '1' },
  );
  const urls = web.map(({ url }) => url);
  // The others go elsewhere when it is known that the first node has somebody.
  const onJoined = (count: number) => (count === 1 ? loadsAreKnown(cluster, 1) : Promise.resolve());
  const one = { atOnce: 1, onJoined };
  const room = await LightRoom.open(t, { urls, room: 'hall', people: PEOPLE, ...one });
  assert.ok(nodes.every(({ resources }) => resources.counts().peer > 0));
  await assertHeardWhole(room, [11, 5, 8, 4, 5]);
});

test('an interruption by a voice that is kept ready is heard from its first word, without a new consumer', async (t) => {
  const server = await startServer(t, LIMITS);
  const room = await LightRoom.open(t, { urls: [server.url], room: 'hall', people: PEOPLE });
  await assertHeardWhole(room, [0, 1, 2]);
  const consumers = server.counts().consumer;
  await assertHeardWhole(room, [0]);
  assert.ok(server.counts().consumer <= consumers, `${server.counts().consumer} of ${consumers}`);
});

test('who sends at once is not heard from the first word', async (t) => {
  const server = await startServer(t, LIMITS);
  const options = { urls: [server.url], room: 'hall', people: PEOPLE, holdsBack: false };
  const room = await LightRoom.open(t, options);
  const { missing } = await room.word(room.people[11]!, WORD);
  assert.ok(
    missing.every((frames) => frames > 0),
    `${missing}`,
  );
});
