// One room as a replica knows it: what is missing is read, who is received is named first, and joins wait for their patch.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { loadConfig } from '../../../../server/config/config.ts';
import { Members, type RoomMember } from '../../../../server/signaling/roster/members.ts';
import { RoomRoster } from '../../../../server/signaling/roster/room-roster.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import type { RoomOp } from '../../../../shared/room/operations.ts';
import {
  emptyRoom,
  type Participant,
  type RoomSnapshot,
  type Track,
} from '../../../../shared/room/room.ts';
import { until } from '../../../support/process/until.ts';

const CONFIG = loadConfig({
  ...{ WHOLE_ROSTER_UP_TO: '3', EVERY_VOICE_UP_TO: '0', VOICES: '1', READY_VOICES: '0' },
  PICTURES: '1',
});
const resources = new Resources();
const IDS = Array.from({ length: 9 }, (_, index) => `participant-${index}`);
const LAST = 'participant-8';

afterEach(() => assert.equal(resources.counts().timer ?? 0, 0, 'a timer is left'));

const participant = (id: string): Participant => {
  return { id, name: `Name of ${id}`, role: 'guest', joinedAt: 1, online: true };
};
const microphone = (owner: string): Track => {
  const rest = { kind: 'audio', source: 'microphone', muted: false } as const;
  return { id: `microphone-of-${owner}`, participantId: owner, ...rest };
};
const camera = (owner: string): Track => {
  const rest = { kind: 'video', source: 'camera', muted: false } as const;
  return { id: `camera-of-${owner}`, participantId: owner, ...rest };
};
const consumer = ({ id: trackId, kind }: Track) => {
  const rtpParameters = { codecs: [], headerExtensions: [], encodings: [], rtcp: {} };
  return { trackId, consumerId: `consumer-of-${trackId}`, kind, rtpParameters, waiting: true };
};

class Viewer implements RoomMember {
  readonly participantId: string;
  readonly takesParts = true;
  readonly frames: { event: string; data: { snapshot: RoomSnapshot; ops: RoomOp[] } }[] = [];

  constructor(participantId: string) {
    this.participantId = participantId;
  }

  onRoomFrame(frame: string): void {
    this.frames.push(JSON.parse(frame));
  }

  /** Participants whom changes have brought. */
  get named(): string[] {
    return this.frames.flatMap(({ data: { ops = [] } }) =>
      ops.flatMap((op) => (op.op === 'join' ? [op.participant.id] : [])),
    );
  }

  onPatches(): void {}
  onOwnPatch(): void {}
  onMute(): void {}
  onMediaEvent(): void {}
}

/** A room of nine. All have a microphone, and one viewer is on this replica. */
function scene() {
  const stored: RoomSnapshot = {
    ...emptyRoom('hall'),
    version: 10,
    participants: IDS.map(participant),
    tracks: IDS.map(microphone),
  };
  const store: { snapshot: RoomSnapshot; reads: number } = { snapshot: stored, reads: 0 };
  const members = new Members();
  const viewer = new Viewer('participant-0');
  members.add(viewer);
  const roster = new RoomRoster('hall', members, {
    rooms: {
      snapshot: async () => {
        store.reads += 1;
        return store.snapshot;
      },
    },
    ...{ resources, log: createLogger('silent'), chatHistory: 10, interest: CONFIG.interest },
  });
  roster.learn(stored, -1);
  assert.ok(roster.isLarge);
  return { roster, viewer, store, view: roster.view(viewer) };
}

test('a view has the stage and its own participant', () => {
  const { view, roster } = scene();
  const ids = view?.participants.map(({ id }) => id);
  assert.deepEqual(
    [view?.count, ids?.includes('participant-0'), ids?.includes(LAST)],
    [9, true, false],
  );
  roster.close();
});

test('whoever speaks is named before the event that says so', () => {
  const { roster, viewer } = scene();
  roster.spoke([LAST]);
  assert.deepEqual(viewer.named, [LAST]);
  roster.close();
});

test('the owner of a voice, and of a picture, is named before the consumer comes', () => {
  const { roster, viewer } = scene();
  roster.received(viewer, 1, [consumer(microphone('participant-7'))]);
  assert.deepEqual(viewer.named, ['participant-7']);
  roster.onPatch({ version: 11, ops: [{ op: 'publish', track: camera(LAST) }] });
  roster.close();
});

test('a consumer may come before the patch of its track: its owner is named with that', async () => {
  const { roster, viewer } = scene();
  // The first pictures are on the stage: this one is not among them.
  const others = ['participant-1', 'participant-2', 'participant-3'].map(
    (owner): RoomOp => ({ op: 'publish', track: camera(owner) }),
  );
  roster.onPatch({ version: 11, ops: others });
  roster.received(viewer, 1, [consumer(camera(LAST))]);
  assert.ok(!viewer.named.includes(LAST));
  roster.onPatch({ version: 12, ops: [{ op: 'publish', track: camera(LAST) }] });
  assert.ok(viewer.named.includes(LAST));
  await until('the rest to be passed on', () => assert.ok(viewer.frames.length > 1));
  roster.close();
});

test('after a gap the room is read, and replaces what was known', async () => {
  const { roster, viewer, store } = scene();
  const [first, ...rest] = store.snapshot.participants;
  assert.equal(first?.id, 'participant-0');
  store.snapshot = { ...store.snapshot, version: 20, participants: [first, ...rest.slice(2)] };
  roster.onPatch({ version: 20, ops: [{ op: 'leave', participantId: 'participant-2' }] });
  await until('the room to come', () => {
    const replaced = viewer.frames.findLast(({ event }) => event === 'room');
    assert.deepEqual([replaced?.data.snapshot.version, replaced?.data.snapshot.count], [20, 7]);
  });
  assert.equal(store.reads, 1);
  roster.close();
});

test('a join waits for its own patch, and reads the room where that does not come', async () => {
  const { roster, store } = scene();
  const joined = { op: 'join', participant: participant('participant-9') } as const;
  const waiting = roster.reached(11, 'participant-9');
  roster.onPatch({ version: 11, ops: [joined] });
  await waiting;
  assert.equal(store.reads, 0);
  const { participants } = store.snapshot;
  const [late] = [participant('participant-10')];
  store.snapshot = { ...store.snapshot, version: 12, participants: [...participants, late!] };
  await roster.reached(12, 'participant-10');
  assert.deepEqual([store.reads, roster.has('participant-10')], [1, true]);
  roster.close();
});

test('a patch that was under way while the snapshot was read changes nothing, and is passed to nobody', async () => {
  const { roster, viewer, store } = scene();
  const gone = { op: 'join', participant: participant('participant-9') } as const;
  roster.onPatch({ version: 8, ops: [gone] });
  assert.deepEqual([roster.version, roster.has('participant-9')], [10, false]);
  assert.equal(roster.view(viewer)?.version, 10);
  store.snapshot = { ...store.snapshot, version: 11 };
  roster.onPatch({ version: 11, ops: [{ op: 'leave', participantId: LAST }] });
  await until('the room to be looked up', () => assert.equal(store.reads, 1));
  await until('the change to be passed on', () => assert.ok(viewer.frames.length > 0));
  assert.deepEqual([roster.version, viewer.named], [11, []]);
  roster.close();
});

test('a room that ended and began again is read, and replaces the one before', async () => {
  const { roster, store } = scene();
  const { participants } = store.snapshot;
  store.snapshot = { ...store.snapshot, version: 3, participants: participants.slice(0, 2) };
  roster.onPatch({ version: 3, ops: [{ op: 'presence', participantId: LAST, online: false }] });
  assert.equal(roster.version, 10);
  await until('the other room to be known', () => assert.equal(roster.version, 3));
  assert.equal(roster.has(LAST), false);
  roster.close();
});

test('patches that were under way while the room was read are one reason to read it, not one each', async () => {
  const { roster, store } = scene();
  for (const version of [4, 5, 6, 7, 8, 9]) {
    roster.onPatch({ version, ops: [{ op: 'leave', participantId: 'participant-1' }] });
    await new Promise(setImmediate);
  }
  assert.equal(roster.version, 10);
  await until('the room to be looked up', () => assert.ok(store.reads > 0));
  assert.equal(store.reads, 1);
  roster.close();
});
