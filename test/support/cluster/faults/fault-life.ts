// One life in a lane: a lifecycle during which one call fails, and what has to be true afterwards.
import assert from 'node:assert/strict';
import type { Track } from '../../../../shared/room/room.ts';
import { until } from '../../process/until.ts';
import { mediaOf } from '../media-state.ts';
import type { StubbornClient } from '../stubborn-client.ts';
import { type FaultLane, holdsNothing } from './fault-lane.ts';
import type { CallKey, Fault } from './faulty-cluster.ts';
import type { Lifecycle, Scene } from './lifecycles.ts';

export interface Life {
  /** Calls of the process that was to fail, in order. */
  readonly calls: readonly string[];
  /** Whether the call that was to fail was made. */
  readonly hit: boolean;
  /** What Ada and Ben were told meanwhile. */
  readonly codes: readonly string[];
}

/** Looks often: there are hundreds of lives. */
const OFTEN = { everyMs: 10, withinMs: 8_000 };

/** @throws when something is not as it has to be; the lane is of no use then */
export async function live(
  lane: FaultLane,
  lifecycle: Lifecycle,
  failing?: { key: CallKey; fault: Fault },
): Promise<Life> {
  const room = lane.newRoom();
  const ada = await lane.client(room, 'Ada', lifecycle.adaAt ?? 'web', 'guest');
  const ben = await lane.client(room, 'Ben', lifecycle.benAt ?? 'healthy', 'host');
  const scene: Scene = { lane, ada, ben };
  if (!lifecycle.isFirst) {
    await ben.join();
    await ben.publish();
  }
  if (!lifecycle.joins) {
    await ada.join();
    await ada.publish();
  }
  const failingPart = lifecycle.of === 'web' ? lane.web : lane.node;
  const [web, node] = [lane.web, lane.node];
  const { faults } = failingPart;
  faults.record();
  if (failing) faults.arm(failing.key, failing.fault);
  await lifecycle.run(scene);
  if (lifecycle.ends === 'web') {
    await holdsNothing(web);
    await lane.replaceWeb();
  }
  if (lifecycle.ends === 'node') await holdsNothing(node);
  const present = lifecycle.adaLeaves ? [ben] : [ada, ben];
  await until('the room to be what is true', () => isTrue(lane, room, present), OFTEN);
  await faults.moving;
  const calls = [...faults.calls];
  const { hit } = faults;
  faults.record();
  const codes = [...ada.codes, ...ben.codes];
  await isAlive(lane, room, ben);
  for (const one of present) await one.leave();
  await lane.isAtRest(room);
  return { calls, hit, codes };
}

/** Roster, presence and tracks are what the clients believe, and the media side has the same. */
async function isTrue(
  lane: FaultLane,
  room: string,
  present: readonly StubbornClient[],
): Promise<void> {
  for (const client of present) await client.settle();
  const snapshot = await lane.replicas.cluster.rooms.snapshot(room);
  assert.ok(snapshot, 'the room is there');
  const roster = snapshot.participants.map(({ id, name, online }) => ({ id, name, online }));
  assert.deepEqual(
    roster.sort((a, b) => (a.name < b.name ? -1 : 1)),
    present.map(({ participantId: id, name }) => ({ id, name, online: true })),
  );
  for (const { name, participantId, tracks, receives } of present) {
    const believed = Object.fromEntries([...tracks].map(([id, { muted }]) => [id, muted]));
    const own: Track[] = snapshot.tracks.filter((track) => track.participantId === participantId);
    const inRoom = Object.fromEntries(own.map(({ id, muted }) => [id, muted]));
    assert.deepEqual(inRoom, believed, `${name}’s tracks in the room`);
    const others = snapshot.tracks.filter((track) => track.participantId !== participantId);
    for (const { id } of others) assert.ok(receives.has(id), `${name} was not given a track`);
    assert.deepEqual(
      await mediaOf(lane.replicas.cluster, room, participantId),
      believed,
      `${name}’s media`,
    );
  }
}

/** Somebody new can join at the replica that failed, is heard, and leaves. */
async function isAlive(lane: FaultLane, room: string, ben: StubbornClient): Promise<void> {
  const cleo = await lane.client(room, 'Cleo', 'web', 'guest');
  await cleo.join();
  await cleo.say('hello');
  await ben.client.event('patch', ({ ops }) => ops.some((op) => op.op === 'chat'));
  await cleo.leave();
  assert.deepEqual(cleo.codes, [], 'what somebody new was told');
}
