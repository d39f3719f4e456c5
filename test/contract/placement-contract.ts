// Placement: a room is in one place, and of several movers one wins.
import assert from 'node:assert/strict';
import { type ClusterTest, refusal } from './cluster-contract.ts';
import { enter } from './room-fixtures.ts';

export function placementContract(promises: ClusterTest): void {
  promises('a room that nobody placed is nowhere', async ({ a, b }) => {
    assert.equal(await a.rooms.placement('team'), undefined);
    await enter(a.rooms, 'team');
    assert.equal(await b.rooms.placement('team'), undefined);
  });

  promises('a placement is seen by all, and ends with the room', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const placed = await a.rooms.place('team', 'node-1', undefined);
    assert.deepEqual(placed, { nodeId: 'node-1', epoch: 1 });
    assert.deepEqual(await b.rooms.placement('team'), placed);
    await b.rooms.release('team', guard);
    assert.equal(await a.rooms.placement('team'), undefined);
  });

  promises('only a room with somebody in it can be placed', async ({ a }) => {
    assert.equal(await refusal(a.rooms.place('team', 'node-1', undefined)), 'session_lost');
    assert.equal(await a.rooms.placement('team'), undefined);
  });

  promises('of many who place a new room at once, one wins and all learn who', async ({ a, b }) => {
    await enter(a.rooms, 'team');
    const placements = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? a : b).rooms.place('team', `node-${n}`, undefined),
      ),
    );
    const [first] = placements;
    for (const placement of placements) assert.deepEqual(placement, first);
    assert.equal(first?.epoch, 1);
  });

  promises('of many who move a room at once, one wins and all learn who', async ({ a, b }) => {
    await enter(a.rooms, 'team');
    const old = await a.rooms.place('team', 'node-old', undefined);
    const placements = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? a : b).rooms.place('team', `node-${n}`, old)),
    );
    const [first] = placements;
    for (const placement of placements) assert.deepEqual(placement, first);
    assert.equal(first?.epoch, 2);
    assert.notEqual(first?.nodeId, 'node-old');
  });

  promises('who acts on an old placement is told the new one', async ({ a, b }) => {
    await enter(a.rooms, 'team');
    const first = await a.rooms.place('team', 'node-1', undefined);
    const second = await b.rooms.place('team', 'node-2', first);
    assert.deepEqual(await a.rooms.place('team', 'node-3', first), second);
    assert.deepEqual(await a.rooms.place('team', 'node-3', undefined), second);
    assert.deepEqual(await b.rooms.placement('team'), { nodeId: 'node-2', epoch: 2 });
  });
}
