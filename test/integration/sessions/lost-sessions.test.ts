// Sessions that the store gives up while their sockets are open.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';

test('a participant whose session the store gave up is in the room again, and the call goes on', async (t) => {
  const { web, cluster } = await startReplicas(t, { web: 1 });
  const { url } = web[0]!;
  const ada = await Person.join(t, url, 'team', 'Ada');
  const ben = await Person.join(t, url, 'team', 'Ben');
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  const { participantId } = ada;
  // As another replica does when a lease has run out.
  assert.ok(await cluster.rooms.release('team', { participantId, fence: 1 }));
  await until('Ada to have joined anew', () => {
    assert.notEqual(ada.participantId, participantId);
    assert.equal(ada.call.connection.state, 'connected');
  });
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  assert.equal(ben.call.room.participants.length, 2);
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});
