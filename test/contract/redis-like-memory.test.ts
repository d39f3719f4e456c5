// Whatever is done one after the other comes out of Redis exactly as it comes out of memory.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { HeldSession, RoomStore } from '../../server/cluster/cluster.ts';
import { createMemoryCluster } from '../../server/cluster/memory/memory.ts';
import type { RoomOp, RoomPatch } from '../../shared/room/operations.ts';
import { emptyRoom, type Track } from '../../shared/room/room.ts';
import { RedisServer } from '../support/cluster/redis.ts';
import { openRedis } from '../support/cluster/redis-cluster.ts';
import { until } from '../support/process/until.ts';
import { MORE_OPERATIONS, more } from './suites/more-operations.ts';

const RUNS = 150;
const KEPT = {
  chatHistory: 3,
  patchHistory: 4,
  sessionLeaseMs: 300_000,
  operations: MORE_OPERATIONS,
};
const fail = (error: unknown) => assert.fail(String(error));

const server = await RedisServer.start();
after(() => server.stop());
const redis = await openRedis(server.url, { ...KEPT, onListenerError: fail });
after(() => redis.close());

// Few of everything, so that things meet.
const participantId = fc.constantFrom(
  'participant-0',
  'participant-1',
  'participant-2',
  'participant-3',
);
const trackId = fc.constantFrom('track-0000', 'track-1111', 'track-2222');
const hash = fc.constantFrom('hash-a', 'hash-b', '');
const nodeId = fc.constantFrom('node-1', 'node-2');
const fence = fc.integer({ min: 0, max: 3 });
/** What Lua could get wrong: empty lists, odd characters, large numbers. */
const text = fc.constantFrom(
  'hello',
  '[] {} | "quoted" \\ ü 🎈',
  '{"a":[]}',
  'two\nlines',
  '%d %s',
);
const time = fc.constantFrom(0, 1, 1_763_000_000_000, 99_999_999_999_999);
/** What a search for the end of a name could stumble over. */
const oddName = fc.constantFrom('Ada', 'a|b', '"', '\\"}', 'x\\', ',"role":"host"', '{[', '🎈');
const role = fc.constantFrom('host', 'guest', 'viewer');

const participant = fc.record({
  id: participantId,
  name: fc.constantFrom('Ada', 'a|b', 'Zoë "Z"'),
  role,
  joinedAt: time,
  online: fc.boolean(),
});
const track: fc.Arbitrary<Track> = fc.record({
  id: trackId,
  participantId,
  kind: fc.constantFrom('audio', 'video'),
  source: fc.constantFrom('microphone', 'camera'),
  muted: fc.boolean(),
});
const message = fc.record({
  id: fc.constantFrom('message-00', 'message-01', 'message-02', 'message-03', 'message-04'),
  participantId,
  name: fc.constant('Ada'),
  text,
  sentAt: time,
});

/** Mostly in the name of whoever commits, so that much is accepted. */
function opOf(me: string): fc.Arbitrary<RoomOp> {
  const who = fc.oneof(
    { arbitrary: fc.constant(me), weight: 6 },
    { arbitrary: participantId, weight: 1 },
  );
  const mine = <T extends { participantId: string }>(item: fc.Arbitrary<T>) =>
    fc.tuple(item, who).map(([value, participantId]) => ({ ...value, participantId }));
  return fc.oneof(
    fc.record({
      op: fc.constant('join' as const),
      participant: fc.tuple(participant, who).map(([value, id]) => ({ ...value, id })),
    }),
    fc.record({
      op: fc.constant('presence' as const),
      participantId: who,
      online: fc.boolean(),
    }),
    fc.record({ op: fc.constant('leave' as const), participantId }),
    fc.record({ op: fc.constant('publish' as const), track: mine(track) }),
    fc.record({ op: fc.constant('mute' as const), trackId, muted: fc.boolean(), by: who }),
    fc.record({ op: fc.constant('unpublish' as const), trackId }),
    fc.record({ op: fc.constant('chat' as const), message: mine(message) }),
    fc.record({ op: fc.constant('rename' as const), participantId: who, name: oddName }).map(more),
    fc.record({ op: fc.constant('appoint' as const), participantId, role }).map(more),
    fc.record({ op: fc.constant('feature' as const), trackId }).map(more),
    fc.record({ op: fc.constant('hush' as const), participantId }).map(more),
  );
}

type Step = (store: RoomStore, room: string) => Promise<unknown>;
const step = <T>(values: fc.Arbitrary<T>, body: (value: T, ...rest: Parameters<Step>) => unknown) =>
  values.map((value) =>
    Object.assign((async (store, room) => body(value, store, room)) as Step, {
      toString: () => `${body} of ${JSON.stringify(value)}`,
    }),
  );

const guard = fc.record({ participantId, fence });
const known = fc.record({
  version: fc.constantFrom(1, 7, 5_000),
  participants: fc.uniqueArray(participant, { selector: ({ id }) => id, maxLength: 3 }),
  tracks: fc.uniqueArray(track, { selector: ({ id }) => id, maxLength: 2 }),
  chat: fc.uniqueArray(message, { selector: ({ id }) => id, maxLength: 5 }),
});
const heldSession: fc.Arbitrary<HeldSession> = fc.record({
  guard,
  resumeHash: hash,
  nodeId: fc.option(nodeId, { nil: undefined }),
});

const admit = step(
  fc.record({ participant, resumeHash: hash, maxParticipants: fc.integer({ min: 0, max: 4 }) }),
  (admission, store, room) => store.admit(room, admission),
);
const commit = step(
  fc
    .record({ participantId, fence: fc.constantFrom(1, 1, 1, 2) })
    .chain((by) => fc.tuple(fc.constant(by), fc.array(opOf(by.participantId), { maxLength: 5 }))),
  ([by, ops], store, room) => store.commit(room, by, ops, { tracksPerParticipant: 2 }),
);
const steps = fc.oneof(
  { arbitrary: admit, weight: 4 },
  { arbitrary: commit, weight: 8 },
  step(fc.tuple(participantId, hash), ([id, resumeHash], store, room) =>
    store.claim(room, id, resumeHash),
  ),
  step(guard, (by, store, room) => store.release(room, by)),
  step(fc.array(guard, { maxLength: 3 }), (guards, store, room) => store.renew(room, guards)),
  step(fc.tuple(known, fc.array(heldSession, { maxLength: 3 })), ([snapshot, held], store, room) =>
    store.restore({ ...emptyRoom(room), ...snapshot }, held),
  ),
  step(
    fc.tuple(participantId, nodeId, fc.integer({ min: 0, max: 2 })),
    ([id, node, epoch], store, room) => store.place(room, id, node, epoch),
  ),
  step(fc.constantFrom(0, 1, 3, 6, 1_008), (version, store, room) =>
    store.patchesSince(room, version),
  ),
);

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error) => ({ refused: error.code ?? String(error) }));
}

let rooms = 0;

async function same(list: readonly Step[]): Promise<void> {
  rooms += 1;
  const room = `room-${rooms}`;
  const memory = createMemoryCluster({ ...KEPT, onListenerError: fail });
  const heard: [RoomPatch[], RoomPatch[]] = [[], []];
  await memory.rooms.subscribe(room, (patch) => heard[0].push(patch));
  const subscription = await redis.rooms.subscribe(room, (patch) => heard[1].push(patch));
  for (const one of list) {
    const [expected, actual] = [
      await outcome(one(memory.rooms, room)),
      await outcome(one(redis.rooms, room)),
    ];
    assert.deepEqual(actual, expected, String(one));
    assert.deepEqual(await redis.rooms.snapshot(room), await memory.rooms.snapshot(room));
    assert.deepEqual(await redis.rooms.placement(room), await memory.rooms.placement(room));
    assert.deepEqual(await redis.rooms.placements(room), await memory.rooms.placements(room));
  }
  await until('every patch', () => assert.equal(heard[1].length, heard[0].length), { everyMs: 2 });
  assert.deepEqual(heard[1], heard[0]);
  await Promise.all([memory.close(), subscription.close()]);
}

test('any sequence of operations has the same results, rooms and patches', async () => {
  await fc.assert(fc.asyncProperty(fc.array(steps, { maxLength: 30, minLength: 5 }), same), {
    numRuns: RUNS,
  });
});
