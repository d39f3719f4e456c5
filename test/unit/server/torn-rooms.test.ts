// Rooms on nodes that have lost each other: which of them are gathered, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TornRooms } from '../../../server/signaling/media/torn-rooms.ts';
import { nodeInfo } from '../../support/cluster/node-info.ts';

const CUT = [nodeInfo('one'), nodeInfo('two')];
const WHOLE = [nodeInfo('one', { reaches: ['two'] }), nodeInfo('two', { reaches: ['one'] })];
const SPREAD = { epoch: 1, nodes: { one: 1, two: 2 } };

const somebodyIn = (...rooms: string[]) => ({
  of: (nodeId: string) => (nodeId === 'one' ? rooms.map((room) => ({ room })) : []),
});

test('a room on both sides of a cut is gathered where most of its people are, after a second', async () => {
  const torn = new TornRooms({ placement: async () => SPREAD });
  const look = (now: number) => torn.look(CUT, somebodyIn('team'), now);
  assert.deepEqual(await look(0), new Map());
  // The timer fires a little early.
  assert.deepEqual(await look(499), new Map());
  assert.deepEqual(await look(1_000), new Map([['team', 'two']]));
});

test('a link that comes back within the second gathers nobody', async () => {
  const torn = new TornRooms({ placement: async () => SPREAD });
  await torn.look(CUT, somebodyIn('team'), 0);
  await torn.look(WHOLE, somebodyIn('team'), 500);
  assert.deepEqual(await torn.look(CUT, somebodyIn('team'), 1_000), new Map());
});

test('a room that cannot be asked about stays as it was, and the others are gathered', async () => {
  let isAway = false;
  const torn = new TornRooms({
    placement: async (room) => {
      if (isAway && room === 'away') throw new Error('its part of the store is away');
      return SPREAD;
    },
  });
  const both = somebodyIn('away', 'team');
  await torn.look(CUT, both, 0);
  isAway = true;
  assert.deepEqual(await torn.look(CUT, both, 1_000), new Map([['team', 'two']]));
  isAway = false;
  const all = new Map([
    ['away', 'two'],
    ['team', 'two'],
  ]);
  assert.deepEqual(await torn.look(CUT, both, 2_000), all);
  isAway = true;
  assert.deepEqual(await torn.look(CUT, both, 3_000), all);
});
