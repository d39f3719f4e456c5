// A room that is larger than what one participant receives of it: who speaks is heard, what is looked at is seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer } from '../../support/server/app.ts';
import type { Owner } from '../../support/server/owned.ts';

/** Five are a crowd. */
const CROWD = ['Ada', 'Ben', 'Cy', 'Dan', 'Eve'];
const LIMITS = { EVERY_VOICE_UP_TO: '3', VOICES: '1', READY_VOICES: '1' };

async function silentCrowd(t: Owner, url: string): Promise<Person[]> {
  const crowd: Person[] = [];
  for (const name of CROWD) {
    const person = await Person.join(t, url, 'hall', name, { share: ['microphone'] });
    person.speaks(false);
    crowd.push(person);
  }
  return crowd;
}

/** One after the other speaks, and the others hear it. */
async function everybodyIsHeard(crowd: readonly Person[]): Promise<void> {
  for (const speaker of crowd) {
    speaker.speaks(true);
    const others = crowd.filter((person) => person !== speaker);
    await Promise.all(others.map((person) => person.hears(speaker)));
    speaker.speaks(false);
  }
}

test('in a large room whoever speaks is heard by everybody, and silent ones cost nothing', async (t) => {
  const server = await startServer(t, { ...LIMITS, WORKERS: '2', PEERS_PER_WORKER: '3' });
  const crowd = await silentCrowd(t, server.url);
  await everybodyIsHeard(crowd);
  // One who is heard, and one kept ready, for each; those before them are forgotten a moment later.
  await until('other voices to be closed', () =>
    assert.ok(server.counts().consumer <= 2 * crowd.length, `${server.counts().consumer}`),
  );
  assert.deepEqual(
    crowd.flatMap(({ problems }) => problems),
    [],
  );
  for (const { call } of crowd) call.leave();
  await server.becomesIdle();
});

test('in a large room on two nodes whoever speaks is heard on both', async (t) => {
  const { web } = await startReplicas(
    t,
    { web: 1, nodes: 2 },
    { ...LIMITS, SPILL_SESSIONS_PER_WORKER: '1' },
  );
  await everybodyIsHeard(await silentCrowd(t, web[0]!.url));
});

test('whoever unmutes is heard without having been loud before', async (t) => {
  const server = await startServer(t, LIMITS);
  const crowd = await silentCrowd(t, server.url);
  const [ada, ben] = crowd as [Person, Person];
  for (const { call } of crowd.slice(2)) call.setMuted('microphone', true);
  ben.call.setMuted('microphone', true);
  ben.call.setMuted('microphone', false);
  await until('Ada to receive Ben', async () =>
    assert.ok((await ada.packetsFrom(ben, 'microphone')) > 0),
  );
});

test('in a large room a client receives the pictures that it looks at, and no other', async (t) => {
  const server = await startServer(t, { PICTURES: '2', MAX_PICTURES: '3' });
  const crowd: Person[] = [];
  for (const name of CROWD) {
    const person = await Person.join(t, server.url, 'hall', name, { share: ['camera'] });
    crowd.push(person);
    // Whoever has joined sends a moment later, and the pictures that were sent first are the chosen ones.
    await until(`the picture of ${name} to be published`, () => {
      const { participantId, call } = person;
      assert.ok(call.room.tracks.some((track) => track.participantId === participantId));
    });
  }
  const [ada, ben, cy, dan, eve] = crowd as [Person, Person, Person, Person, Person];

  // Whoever says nothing gets a few.
  await Promise.all([eve.sees(ada), eve.sees(ben)]);
  assert.deepEqual([...eve.tracksOf(cy), ...eve.tracksOf(dan)], []);

  const look = (other: Person, paused: boolean) => {
    const track = ada.call.room.tracks.find((each) => each.participantId === other.participantId);
    ada.call.subscribe(track!.id, { paused });
  };
  ada.call.hideOthers();
  await until('what is not looked at to be gone', () =>
    assert.equal(ada.call.remoteTracks.size, 0),
  );
  look(dan, false);
  look(eve, false);
  await Promise.all([ada.sees(dan), ada.sees(eve)]);
  assert.equal(ada.call.remoteTracks.size, 2);
  look(dan, true);
  await until('a picture that is hidden again to be gone', () =>
    assert.deepEqual(ada.tracksOf(dan), []),
  );
  await ada.sees(eve);
  look(dan, false);
  await ada.sees(dan);

  // Newcomers change nothing.
  await Person.join(t, server.url, 'hall', 'Fay', { share: ['camera'] });
  await Promise.all([ada.sees(dan), ada.sees(eve)]);
  assert.equal(ada.call.remoteTracks.size, 2);
  assert.deepEqual(
    crowd.flatMap(({ problems }) => problems),
    [],
  );
});
