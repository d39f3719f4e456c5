// What many do at once comes out as if they had done it one after the other.
import assert from 'node:assert/strict';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { SessionGuard } from '../../../server/cluster/cluster.ts';
import { checkOps, judged } from '../../../server/room/rules.ts';
import { applyPatch, type RoomOp, type RoomPatch } from '../../../shared/room/operations.ts';
import { emptyRoom } from '../../../shared/room/room.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterPair, type ClusterTest, KEPT } from './cluster-test.ts';
import { admission, chat, enter, HASH, LIMITS, publish } from './room-fixtures.ts';

const ROOM = 'team';
const MAX_PARTICIPANTS = 6;
const PLAYERS = 12;
const TURNS = 25;
/** Few, so that people want the same ones. */
const TRACK_IDS = Array.from({ length: 8 }, (_, n) => `track-that-many-want-${n}`);

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

interface Commit {
  by: string;
  ops: readonly RoomOp[];
}

/** Comes and goes, claims, publishes and chats, from both handles in turn, and takes refusals. */
async function play({ a, b }: ClusterPair, commits: Map<number, Commit>): Promise<void> {
  let guard: SessionGuard | undefined;
  for (let turn = 0; turn < TURNS; turn++) {
    const { rooms } = pick([a, b]);
    try {
      if (!guard) {
        const participantId = randomId();
        await rooms.admit(ROOM, admission(participantId, { maxParticipants: MAX_PARTICIPANTS }));
        guard = { participantId, fence: 1 };
        continue;
      }
      const { participantId } = guard;
      const move = Math.random();
      if (move < 0.1) {
        const leaving: SessionGuard = guard;
        guard = undefined;
        await rooms.release(ROOM, leaving);
      } else if (move < 0.2) {
        guard = await rooms.claim(ROOM, participantId, HASH);
      } else {
        const trackId = pick(TRACK_IDS);
        const ops: RoomOp[] = pick([
          [publish(guard, trackId)],
          [publish(guard), chat(guard)],
          [{ op: 'unpublish', trackId }],
          [{ op: 'mute', trackId, muted: true, by: participantId }],
          [{ op: 'presence', participantId, online: move < 0.6 }, chat(guard)],
        ]);
        const { version } = await rooms.commit(ROOM, guard, ops, LIMITS);
        commits.set(version, { by: participantId, ops });
      }
    } catch (error) {
      // A refusal is an answer; anything else is a failure of the store.
      assert.ok((error as { code?: string }).code, String(error));
    }
  }
}

export function historyContract(promises: ClusterTest): void {
  promises('many at once: one history, which keeps every rule', async (pair) => {
    const heard: [RoomPatch[], RoomPatch[]] = [[], []];
    await pair.a.rooms.subscribe(ROOM, (patch) => heard[0].push(patch));
    await pair.b.rooms.subscribe(ROOM, (patch) => heard[1].push(patch));
    // Somebody stays, so that the room lasts.
    await enter(pair.a.rooms, ROOM, 'host');
    const commits = new Map<number, Commit>();
    await Promise.all(Array.from({ length: PLAYERS }, () => play(pair, commits)));

    const end = await pair.b.rooms.snapshot(ROOM);
    for (const patches of heard) {
      await until('every patch', () => assert.equal(patches.at(-1)?.version, end?.version));
      assert.deepEqual(
        patches.map(({ version }) => version),
        patches.map((_, n) => n + 1),
      );
    }
    assert.deepEqual(heard[0], heard[1]);

    let state = emptyRoom(ROOM);
    for (const patch of heard[0]) {
      const commit = commits.get(patch.version);
      if (commit) {
        assert.deepEqual(patch.ops, commit.ops);
        checkOps(judged(state), { participantId: commit.by, ...LIMITS }, commit.ops, KEPT);
      }
      state = applyPatch(state, patch, KEPT) ?? assert.fail('a patch that does not follow');
      assert.ok(state.participants.length <= MAX_PARTICIPANTS);
      for (const { id } of state.participants) {
        const own = state.tracks.filter(({ participantId }) => participantId === id);
        assert.ok(own.length <= LIMITS.tracksPerParticipant);
      }
    }
    assert.deepEqual(state, end);
  });
}
