// Placement: each participant's media is on a node, and a room spreads to another one knowingly.
import assert from 'node:assert/strict';
import type { SessionGuard } from '../../../server/cluster/cluster.ts';
import { type ClusterTest, refusal } from './cluster-test.ts';
import { enter } from './room-fixtures.ts';

const id = ({ participantId }: SessionGuard) => participantId;

export function placementContract(promises: ClusterTest): void {
  promises('a room that nobody placed is nowhere', async ({ a, b }) => {
    assert.equal(await a.rooms.placement('team'), undefined);
    await enter(a.rooms, 'team');
    assert.deepEqual(await b.rooms.placement('team'), { epoch: 0, nodes: {} });
  });

  promises('a placement is seen by all, and ends with the room', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const placed = await a.rooms.place('team', id(guard), 'node-1', 0);
    assert.deepEqual(placed, { epoch: 1, nodes: { 'node-1': 1 }, nodeId: 'node-1' });
    assert.deepEqual(await b.rooms.placement('team'), { epoch: 1, nodes: { 'node-1': 1 } });
    assert.deepEqual(await b.rooms.placements('team'), { [id(guard)]: 'node-1' });
    assert.equal(await b.rooms.nodeOf('team', id(guard)), 'node-1');
    await b.rooms.release('team', guard);
    assert.equal(await a.rooms.placement('team'), undefined);
    assert.equal(await a.rooms.placements('team'), undefined);
    assert.equal(await a.rooms.nodeOf('team', id(guard)), undefined);
  });

  promises('only who is in the room can be placed', async ({ a }) => {
    assert.equal(await refusal(a.rooms.place('team', 'somebody', 'node-1', 0)), 'session_lost');
    assert.equal(await a.rooms.placement('team'), undefined);
    await enter(a.rooms, 'team');
    assert.equal(await refusal(a.rooms.place('team', 'somebody', 'node-1', 0)), 'session_lost');
    assert.deepEqual(await a.rooms.placement('team'), { epoch: 0, nodes: {} });
  });

  promises('of many who place themselves at once, all agree on one node', async ({ a, b }) => {
    const guards = await Promise.all(Array.from({ length: 20 }, () => enter(a.rooms, 'team')));
    const first = await Promise.all(
      guards.map((guard, n) => (n % 2 ? a : b).rooms.place('team', id(guard), `node-${n}`, 0)),
    );
    const nodes = new Set(first.flatMap((placement) => Object.keys(placement.nodes)));
    assert.equal(nodes.size, 1);
    const [node = ''] = nodes;
    // Whoever was not first chooses again: the node that is in use takes everybody.
    await Promise.all(guards.map((guard) => b.rooms.place('team', id(guard), node, 0)));
    const expected = Object.fromEntries(guards.map((guard) => [id(guard), node]));
    assert.deepEqual(await a.rooms.placements('team'), expected);
    assert.deepEqual(await b.rooms.placement('team'), { epoch: 1, nodes: { [node]: 20 } });
  });

  promises('of two who spread a room at once, one wins and both learn it', async ({ a, b }) => {
    const [one, two, three] = [
      await enter(a.rooms, 'team'),
      await enter(a.rooms, 'team'),
      await enter(b.rooms, 'team'),
    ];
    const { epoch } = await a.rooms.place('team', id(one), 'node-1', 0);
    const answers = await Promise.all([
      a.rooms.place('team', id(two), 'node-2', epoch),
      b.rooms.place('team', id(three), 'node-3', epoch),
    ]);
    const won = [answers[0].nodeId === 'node-2', answers[1].nodeId === 'node-3'];
    assert.deepEqual(won.toSorted(), [false, true]);
    const [winner] = won[0] ? ['node-2'] : ['node-3'];
    for (const { nodes } of answers) assert.ok(winner !== undefined && winner in nodes);
    assert.equal(answers.find((_, n) => !won[n])?.nodeId, undefined);
    const now = await a.rooms.placement('team');
    assert.equal(now?.epoch, epoch + 1);
    assert.equal(Object.keys(now.nodes).length, 2);
  });

  promises('a node that is in use takes more whatever the epoch', async ({ a, b }) => {
    const [one, two] = [await enter(a.rooms, 'team'), await enter(a.rooms, 'team')];
    await a.rooms.place('team', id(one), 'node-1', 0);
    const placed = await b.rooms.place('team', id(two), 'node-1', 17);
    assert.deepEqual(placed, { epoch: 1, nodes: { 'node-1': 2 }, nodeId: 'node-1' });
  });

  promises('who acts on an old placement is told the one that holds', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    await a.rooms.place('team', id(guard), 'node-1', 0);
    const moved = await b.rooms.place('team', id(guard), 'node-2', 1);
    assert.deepEqual(moved, { epoch: 2, nodes: { 'node-2': 1 }, nodeId: 'node-2' });
    assert.deepEqual(await a.rooms.place('team', id(guard), 'node-3', 1), moved);
    assert.deepEqual(await a.rooms.place('team', id(guard), 'node-1', 0), moved);
    assert.deepEqual(await b.rooms.placement('team'), { epoch: 2, nodes: { 'node-2': 1 } });
  });

  promises('the epoch rises with the set of nodes, and with nothing else', async ({ a, b }) => {
    const people = [];
    for (let n = 0; n < 4; n++) people.push(await enter(a.rooms, 'team'));
    const [one, two, three, four] = people as [
      SessionGuard,
      SessionGuard,
      SessionGuard,
      SessionGuard,
    ];
    const epoch = async () => (await b.rooms.placement('team'))?.epoch;
    await a.rooms.place('team', id(one), 'node-1', 0);
    await a.rooms.place('team', id(two), 'node-1', 1);
    assert.equal(await epoch(), 1);
    await a.rooms.place('team', id(three), 'node-2', 1);
    await a.rooms.place('team', id(four), 'node-2', 2);
    assert.equal(await epoch(), 2);
    await a.rooms.place('team', id(four), 'node-1', 2);
    await a.rooms.place('team', id(four), 'node-1', 2);
    await a.rooms.release('team', two);
    assert.equal(await epoch(), 2, 'both nodes are still in use');
    await a.rooms.release('team', three);
    assert.equal(await epoch(), 3);
    assert.deepEqual((await b.rooms.placement('team'))?.nodes, { 'node-1': 2 });
    assert.deepEqual(await b.rooms.placements('team'), {
      [id(one)]: 'node-1',
      [id(four)]: 'node-1',
    });
  });
}
