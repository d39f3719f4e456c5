// Rooms are noted for sweeping together, not each by an operation of its own.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { RedisConnection } from '../../../server/cluster/redis/link/connection.ts';
import { RoomIndex } from '../../../server/cluster/redis/rooms/index.ts';

let notes: string[][];
let failures: unknown[];
let index: RoomIndex;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  notes = [];
  failures = [];
  const connection = {
    script: async (_script: unknown, _keyOf: unknown, { names }: { names: string }) => {
      notes.push(JSON.parse(names));
      if (names.includes('refused')) throw new Error('the store is full');
    },
  } as unknown as RedisConnection;
  index = new RoomIndex({
    connection,
    keyPrefix: 'parley',
    sessionLeaseMs: 45_000,
    onError: (error) => failures.push(error),
  });
});
afterEach(() => mock.timers.reset());

test('a renewal of a thousand rooms notes them with eight operations, one for each shard', () => {
  const rooms = Array.from({ length: 1_000 }, (_, n) => `room-${n}`);
  for (const room of [...rooms, ...rooms]) index.note(room);
  mock.timers.tick(100);
  assert.equal(notes.length, 8);
  assert.deepEqual(notes.flat().sort(), rooms.sort());
});

test('what is noted later is noted with the next operation', () => {
  index.note('team');
  mock.timers.tick(100);
  index.note('team');
  mock.timers.tick(100);
  mock.timers.tick(1_000);
  assert.deepEqual(notes, [['team'], ['team']]);
});

test('a note that the store refuses is reported', async () => {
  index.note('refused');
  mock.timers.tick(100);
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(failures.length, 1);
});

test('nothing is noted after the end', () => {
  index.note('team');
  index.close();
  mock.timers.tick(1_000);
  assert.deepEqual(notes, []);
});
