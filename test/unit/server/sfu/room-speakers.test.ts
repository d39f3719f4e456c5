// Who speaks in a room, as several routers and nodes report it.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { RoomSpeakers, type Volume } from '../../../../server/sfu/rooms/room-speakers.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

const STALE_MS = 1_500;

function speakers() {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  const heard: (readonly Volume[])[] = [];
  const resources = new Resources();
  const room = new RoomSpeakers({ resources, onSpeakers: (volumes) => heard.push(volumes) });
  return { room, heard, resources };
}
const at = (producerId: string, volume: number): Volume => ({ producerId, volume });

test('all that report are put together, the loudest first', () => {
  const { room, heard } = speakers();
  room.report('router', [at('ann', -30), at('bo', -50)]);
  room.report('node', [at('cy', -40)]);
  assert.deepEqual(heard.at(-1), [at('ann', -30), at('cy', -40), at('bo', -50)]);
});

test('whom two routers hear counts once, as loud as the louder says', () => {
  const { room, heard } = speakers();
  room.report('one', [at('ann', -50)]);
  room.report('two', [at('ann', -30)]);
  assert.deepEqual(heard.at(-1), [at('ann', -30)]);
});

test('silence is reported once', () => {
  const { room, heard } = speakers();
  room.report('router', []);
  assert.deepEqual(heard, []);
  room.report('router', [at('ann', -30)]);
  room.report('router', []);
  room.report('router', []);
  assert.deepEqual(heard, [[at('ann', -30)], []]);
});

test('a speaker whose silence got lost on the way falls silent all the same', () => {
  const { room, heard, resources } = speakers();
  room.report('node', [at('ann', -30)]);
  mock.timers.tick(STALE_MS);
  assert.deepEqual(heard.at(-1), []);
  assert.equal(resources.counts().timer, 0);
});

test('nothing is left when the room closes', () => {
  const { room, heard, resources } = speakers();
  room.report('node', [at('ann', -30)]);
  room.close();
  mock.timers.tick(STALE_MS);
  assert.deepEqual([heard.length, resources.counts().timer], [1, 0]);
});
