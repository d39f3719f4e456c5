// Where a participant's media goes: the table of cases, and what holds in all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeInfo, Placement } from '../../../server/cluster/cluster.ts';
import { chooseNode, gatheringNode, type PlacementWish } from '../../../server/room/placement.ts';
import { nodeInfo } from '../../support/cluster/node-info.ts';

/** Nodes of these tests reach each other unless they say otherwise. */
const EVERYBODY = ['a', 'b', 'c', 'd'];

const node = (id: string, more: Partial<NodeInfo> = {}): NodeInfo =>
  nodeInfo(id, { workers: 2, reaches: EVERYBODY.filter((other) => other !== id), ...more });

/** A room with this many people on each node. */
const room = (people: Record<string, number>): Placement => ({
  epoch: 3,
  nodes: Object.fromEntries(Object.entries(people).filter(([, count]) => count > 0)),
});

const WISH: PlacementWish = { region: undefined, spillSessions: 10, avoid: new Set() };

const CASES: ReadonlyArray<
  [string, NodeInfo[], Placement | undefined, Partial<PlacementWish>, string | undefined]
> = [
  [
    'a new room goes to the node with the fewest sessions for each worker',
    [node('a', { sessions: 10 }), node('b', { sessions: 12, workers: 4 })],
    undefined,
    {},
    'b',
  ],
  ['equally loaded nodes: the first by id', [node('b'), node('a')], undefined, {}, 'a'],
  [
    'a new room goes to its region, though that is busier',
    [node('a', { region: 'north' }), node('b', { region: 'south', sessions: 5 })],
    undefined,
    { region: 'south' },
    'b',
  ],
  [
    'a region without a node that takes sessions is no reason to refuse',
    [node('a', { region: 'north' }), node('b', { region: 'south', draining: true })],
    undefined,
    { region: 'south' },
    'a',
  ],
  [
    'a new room goes where transports are ready, though another node has fewer sessions now',
    [node('a', { sessions: 10 }), node('b', { sessions: 2 })],
    undefined,
    { preparedOn: 'a' },
    'a',
  ],
  [
    'transports in another region are no reason to leave our own',
    [node('a', { region: 'north' }), node('b', { region: 'south' })],
    undefined,
    { preparedOn: 'a', region: 'south' },
    'b',
  ],
  [
    'transports on a node that drains are lost',
    [node('a', { draining: true }), node('b')],
    undefined,
    { preparedOn: 'a' },
    'b',
  ],
  [
    'of two nodes of a room, the one where transports are ready',
    [node('a'), node('b')],
    room({ a: 3, b: 1 }),
    { preparedOn: 'b' },
    'b',
  ],
  [
    'a room that has begun elsewhere meanwhile stays together',
    [node('a'), node('b')],
    room({ b: 1 }),
    { preparedOn: 'a' },
    'b',
  ],
  [
    'a room stays together, though another node is idle',
    [node('a', { sessions: 19 }), node('b')],
    room({ a: 3 }),
    {},
    'a',
  ],
  [
    'of two nodes of a room, the one with more of its people',
    [node('a'), node('b')],
    room({ a: 2, b: 5 }),
    {},
    'b',
  ],
  [
    'above the threshold it spills to the least loaded node',
    [node('a', { sessions: 20 }), node('b', { sessions: 4 }), node('c', { sessions: 2 })],
    room({ a: 3 }),
    {},
    'c',
  ],
  [
    'it does not spill to a node that its own does not reach',
    [node('a', { sessions: 20, reaches: ['c'] }), node('b'), node('c', { sessions: 4 })],
    room({ a: 3 }),
    {},
    'c',
  ],
  [
    'nor to one that does not reach its own',
    [node('a', { sessions: 20 }), node('b', { reaches: [] })],
    room({ a: 3 }),
    {},
    'a',
  ],
  [
    'nor to one that is as loaded',
    [node('a', { sessions: 20 }), node('b', { sessions: 30 })],
    room({ a: 3 }),
    {},
    'a',
  ],
  [
    'a node that is full takes nobody, and the room spills',
    [node('a', { sessions: 5, maxSessions: 5 }), node('b', { sessions: 8 })],
    room({ a: 3 }),
    {},
    'b',
  ],
  [
    'with nowhere to spill to, a full room is refused',
    [node('a', { sessions: 5, maxSessions: 5 }), node('b', { reaches: [] })],
    room({ a: 3 }),
    {},
    undefined,
  ],
  [
    'a node with as many rooms as it takes still takes people of those it has',
    [node('a', { rooms: 100 }), node('b')],
    room({ a: 1 }),
    {},
    'a',
  ],
  ['and no others', [node('a', { rooms: 100 }), node('b', { sessions: 9 })], undefined, {}, 'b'],
  [
    'a draining node gets nobody, whoever is there',
    [node('a', { draining: true }), node('b', { sessions: 500 })],
    room({ a: 9 }),
    {},
    'b',
  ],
  [
    'people of a draining node go where the first of them went, reached or not',
    [node('a', { draining: true, reaches: [] }), node('b'), node('c')],
    room({ a: 5, c: 1 }),
    {},
    'c',
  ],
  ['a room whose node is gone goes elsewhere', [node('b')], room({ gone: 4 }), {}, 'b'],
  [
    'a node to be left is not chosen',
    [node('a'), node('b', { sessions: 9 })],
    room({ a: 4 }),
    { avoid: new Set(['a']) },
    'b',
  ],
  ['a node without workers takes nobody', [node('a', { workers: 0 })], undefined, {}, undefined],
  ['without nodes there is no place', [], undefined, {}, undefined],
];

for (const [name, nodes, placement, wish, expected] of CASES) {
  test(`placement: ${name}`, () => {
    assert.equal(chooseNode(nodes, placement, { ...WISH, ...wish }), expected);
    assert.equal(chooseNode(nodes.toReversed(), placement, { ...WISH, ...wish }), expected);
  });
}

test('placement: whatever the registry says, nobody is sent where nobody is taken', () => {
  const anyNode = fc.record({
    sessions: fc.nat(40),
    maxSessions: fc.nat(40),
    rooms: fc.nat(3),
    maxRooms: fc.nat(3),
    workers: fc.nat(2),
    draining: fc.boolean(),
    reaches: fc.subarray(EVERYBODY),
  });
  fc.assert(
    fc.property(
      fc.array(anyNode, { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...EVERYBODY, 'gone'), fc.nat(3)),
      fc.subarray(EVERYBODY),
      (infos, people, avoid) => {
        const nodes = infos.map((info, n) => node(EVERYBODY[n]!, info));
        const wish = { ...WISH, avoid: new Set(avoid) };
        const chosen = nodes.find(({ id }) => id === chooseNode(nodes, room(people), wish));
        if (!chosen) return;
        assert.ok(!chosen.draining && chosen.workers > 0);
        assert.ok(chosen.sessions < chosen.maxSessions);
        assert.ok(!avoid.includes(chosen.id));
        assert.ok((people[chosen.id] ?? 0) > 0 || chosen.rooms < chosen.maxRooms);
      },
    ),
  );
});

test('a room whose nodes reach each other is whole', () => {
  assert.equal(gatheringNode([node('a'), node('b')], room({ a: 1, b: 1 })), undefined);
  assert.equal(gatheringNode([node('a')], room({ a: 3 })), undefined);
});

test('a torn room is gathered where most of its people are, whichever way the link is cut', () => {
  const placement = room({ a: 2, b: 3 });
  assert.equal(gatheringNode([node('a', { reaches: [] }), node('b')], placement), 'b');
  assert.equal(gatheringNode([node('a'), node('b', { reaches: [] })], placement), 'b');
  assert.equal(gatheringNode([node('b', { reaches: [] }), node('a')], room({ a: 1, b: 1 })), 'a');
});

test('a node that drains or is gone is left anyway, and tears nothing', () => {
  const placement = room({ a: 2, b: 3, gone: 1 });
  const nodes = [node('a'), node('b', { draining: true, reaches: [] })];
  assert.equal(gatheringNode(nodes, placement), undefined);
});
