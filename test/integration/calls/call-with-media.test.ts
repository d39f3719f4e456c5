// A call through our SDK with real WebRTC media: what people see, hear and read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer } from '../../support/server/app.ts';

test('two people see, hear and read each other, and nothing is left when they have gone', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'story', 'Ada');
  const ben = await Person.join(t, server.url, 'story', 'Ben');

  await ada.sees(ben);
  await ada.hears(ben);
  await ben.sees(ada);
  await ben.hears(ada);

  await ben.call.sendChat('Shall we begin?');
  await until('Ada to read it', () => {
    assert.deepEqual(
      ada.call.room.chat.map(({ name, text }) => `${name}: ${text}`),
      ['Ben: Shall we begin?'],
    );
  });

  ben.call.leave();
  await until('Ben to be gone', () => {
    assert.deepEqual(
      ada.call.room.participants.map(({ name }) => name),
      ['Ada'],
    );
    assert.equal(ada.call.remoteTracks.size, 0);
  });
  ada.call.leave();
  await server.becomesIdle();
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});
