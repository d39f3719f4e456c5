// The part of a large room that each client knows: for any sequence of changes, exactly what it should be.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RoomView } from '../../../../client/sdk/session/room-view.ts';
import type { InterestLimits } from '../../../../server/room/interest.ts';
import { type OwnedPatch, ownedPatch, partOf } from '../../../../server/room/partial.ts';
import { Roster } from '../../../../server/room/roster.ts';
import { LINGER_MS } from '../../../../server/room/stage.ts';
import { type PartMember, RoomParts } from '../../../../server/signaling/roster/room-parts.ts';
import { EVENTS } from '../../../../shared/protocol/protocol.ts';
import { parse } from '../../../../shared/protocol/rpc.ts';
import type { RoomOp } from '../../../../shared/room/operations.ts';
import {
  emptyRoom,
  type Participant,
  type RoomSnapshot,
  type Track,
} from '../../../../shared/room/room.ts';

const LIMITS: InterestLimits = {
  everyVoiceUpTo: 2,
  voices: 1,
  readyVoices: 1,
  pictures: 1,
  maxPictures: 5,
  sharpPictures: 1,
};
const IDS = Array.from({ length: 14 }, (_, index) => `participant-${index}`);
const KEPT = { chatHistory: 50 };

const participant = (id: string): Participant => {
  return { id, name: `Name of ${id}`, role: 'guest', joinedAt: 1, online: true };
};
const trackOf = (owner: string, kind: Track['kind'], muted: boolean): Track => {
  const source = kind === 'audio' ? 'microphone' : 'camera';
  return { id: `${kind}-of-${owner}`, participantId: owner, kind, source, muted };
};

/** A client with the project's own view of a room. */
class Client implements PartMember {
  readonly participantId: string;
  readonly view = new RoomView('hall');
  frames = 0;

  constructor(participantId: string) {
    this.participantId = participantId;
  }

  onRoomFrame(frame: string): void {
    this.frames += 1;
    const { event, data } = JSON.parse(frame);
    assert.equal(event, 'roster');
    assert.equal(this.view.change(parse(EVENTS.roster, data)), 'applied', 'a change was missed');
  }
}

/** A room on a replica, and the clients there. */
class Scene {
  readonly roster: Roster;
  readonly parts = new RoomParts<Client>(LIMITS);
  readonly clients = new Map<string, Client>();
  nowMs = 0;
  #gathered: OwnedPatch[] = [];

  constructor(present: readonly string[]) {
    this.roster = new Roster({ ...emptyRoom('hall'), participants: present.map(participant) });
    this.parts.begin(this.roster, 0);
  }

  commit(...ops: RoomOp[]): void {
    const patch = { version: this.roster.version + 1, ops };
    this.#gathered.push(ownedPatch(this.roster, patch));
    this.parts.onPatch(patch, this.roster);
    assert.ok(this.roster.apply(patch, KEPT));
  }

  pass(): void {
    const patches = this.#gathered;
    this.#gathered = [];
    this.parts.pass({ patches, roster: this.roster }, this.nowMs);
  }

  /** A client joins, or resumes: it is sent the room anew. */
  show(id: string): void {
    const client = this.clients.get(id) ?? new Client(id);
    this.clients.set(id, client);
    client.view.adopt(this.parts.show(client, this.roster));
  }

  leave(id: string): void {
    const client = this.clients.get(id);
    if (client) this.parts.remove(client);
    this.clients.delete(id);
  }

  /** Everybody knows what they should, and nothing else. */
  check(): void {
    this.pass();
    for (const client of this.clients.values()) {
      const { count, pictured, ...expected } = partOf(this.roster, this.parts.idsOf(client));
      assert.deepEqual(itemsOf(client.view.snapshot), itemsOf(expected), client.participantId);
      if (client.view.snapshot.version !== this.roster.version) continue;
      assert.deepEqual([client.view.count, client.view.snapshot.pictured], [count, pictured]);
    }
  }
}

/** Everybody is there, eight share a picture and a voice each; all know their part. */
function busyRoom(): Scene {
  const scene = new Scene(IDS);
  for (const owner of IDS.slice(0, 8)) {
    scene.commit({ op: 'publish', track: trackOf(owner, 'video', false) });
    scene.commit({ op: 'publish', track: trackOf(owner, 'audio', false) });
  }
  scene.pass();
  for (const who of IDS) scene.show(who);
  for (const client of scene.clients.values()) client.frames = 0;
  return scene;
}

function itemsOf({ participants, tracks, chat }: RoomSnapshot) {
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return { participants: participants.toSorted(byId), tracks: tracks.toSorted(byId), chat };
}

type Step = (scene: Scene) => void;

/** Those who do something: few, so that they meet. */
const id = fc.constantFrom(...IDS.slice(0, 9));
const kind = fc.constantFrom<Track['kind']>('audio', 'video');
const steps: fc.Arbitrary<Step> = fc.oneof(
  id.map(
    (who): Step =>
      (scene) =>
        scene.commit({ op: 'join', participant: participant(who) }),
  ),
  id.map(
    (who): Step =>
      (scene) => {
        scene.leave(who);
        scene.commit({ op: 'leave', participantId: who });
      },
  ),
  fc.tuple(id, fc.boolean()).map(
    ([participantId, online]): Step =>
      (scene) => {
        scene.commit({ op: 'presence', participantId, online });
      },
  ),
  fc.tuple(id, kind, fc.boolean()).map(
    ([who, what, muted]): Step =>
      (scene) => {
        if (!scene.roster.participant(who)) return;
        scene.commit({ op: 'publish', track: trackOf(who, what, muted) });
      },
  ),
  fc.tuple(id, kind).map(
    ([who, what]): Step =>
      (scene) => {
        scene.commit({ op: 'unpublish', trackId: trackOf(who, what, false).id });
      },
  ),
  fc.tuple(id, kind, fc.boolean()).map(
    ([who, what, muted]): Step =>
      (scene) => {
        scene.commit({ op: 'mute', trackId: trackOf(who, what, false).id, muted, by: who });
      },
  ),
  fc.tuple(id, fc.nat(20)).map(
    ([who, n]): Step =>
      (scene) => {
        const message = {
          id: `message-${n}-of-it`,
          participantId: who,
          name: who,
          text: 'hello',
          sentAt: 1,
        };
        scene.commit({ op: 'chat', message });
      },
  ),
  fc.array(id, { maxLength: 3 }).map(
    (who): Step =>
      (scene) => {
        scene.parts.spoke(who.map((each) => trackOf(each, 'audio', false).id));
      },
  ),
  id.map(
    (who): Step =>
      (scene) => {
        if (scene.roster.participant(who)) scene.show(who);
      },
  ),
  fc.tuple(id, fc.array(id, { maxLength: 4 })).map(
    ([who, ids]): Step =>
      (scene) => {
        const client = scene.clients.get(who);
        const page = ids.filter((each) => scene.roster.participant(each));
        if (!client) return;
        scene.parts.page(client, page.join(), page);
        client.view.add(partOf(scene.roster, page));
      },
  ),
  fc.tuple(id, id, fc.nat(1)).map(
    ([who, owner, epoch]): Step =>
      (scene) => {
        const client = scene.clients.get(who);
        const received = { consumerId: `consumer-${owner}`, owner };
        if (client) scene.parts.receive(client, epoch, [received], scene.roster);
      },
  ),
  fc.tuple(id, id, fc.nat(1)).map(
    ([who, owner, epoch]): Step =>
      (scene) => {
        const client = scene.clients.get(who);
        if (client) scene.parts.close(client, epoch, [`consumer-${owner}`]);
      },
  ),
  fc.tuple(id, id, fc.nat(3)).map(
    ([who, owner, epoch]): Step =>
      (scene) => {
        const client = scene.clients.get(who);
        if (client) scene.parts.offered(client, epoch, new Set([`consumer-${owner}`]));
      },
  ),
  fc.nat(LINGER_MS).map(
    (ms): Step =>
      (scene) => {
        scene.nowMs += ms;
      },
  ),
  fc.constant<Step>((scene) => scene.pass()),
  fc.constant<Step>((scene) => scene.check()),
);

test('for any sequence of changes, speech and looks, each client knows exactly its part of the room', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 20, maxLength: 150, size: 'max' }), (sequence) => {
      const scene = busyRoom();
      for (const step of sequence) step(scene);
      scene.check();
    }),
    { numRuns: 300 },
  );
});

describe('what a change costs the others', () => {
  const framesOf = (scene: Scene) =>
    [...scene.clients.values()].filter(({ frames }) => frames > 0).map((one) => one.participantId);

  test('one of the audience who mutes, or publishes, concerns nobody else', () => {
    const scene = busyRoom();
    const [audience] = IDS.slice(7);
    assert.ok(!scene.parts.isOnStage(audience!));
    const trackId = trackOf(audience!, 'audio', false).id;
    scene.commit({ op: 'mute', trackId, muted: true, by: audience! });
    scene.commit({ op: 'unpublish', trackId: trackOf(audience!, 'video', false).id });
    scene.pass();
    assert.deepEqual(framesOf(scene), [audience]);
    scene.check();
  });

  test('one of the audience who comes or goes concerns nobody', () => {
    const scene = busyRoom();
    scene.commit({ op: 'join', participant: participant('participant-99') });
    scene.leave('participant-13');
    scene.commit({ op: 'leave', participantId: 'participant-13' });
    scene.pass();
    assert.deepEqual(framesOf(scene), []);
  });

  test('who looks at one of the audience is told of what they do', () => {
    const scene = busyRoom();
    const viewer = scene.clients.get('participant-12')!;
    scene.parts.page(viewer, 'seven', ['participant-7']);
    viewer.view.add(partOf(scene.roster, ['participant-7']));
    const trackId = trackOf('participant-7', 'audio', false).id;
    scene.commit({ op: 'mute', trackId, muted: true, by: 'participant-7' });
    scene.pass();
    assert.deepEqual(framesOf(scene), ['participant-7', 'participant-12']);
    assert.equal(viewer.view.snapshot.tracks.find(({ id: each }) => each === trackId)?.muted, true);
  });

  test('whoever speaks comes onto the stage, and everybody is told who that is', () => {
    const scene = busyRoom();
    assert.ok(!scene.parts.isOnStage('participant-7'));
    scene.parts.spoke([trackOf('participant-7', 'audio', false).id]);
    scene.pass();
    assert.equal(framesOf(scene).length, IDS.length);
    for (const { view } of scene.clients.values()) {
      assert.ok(view.snapshot.participants.some(({ name }) => name === 'Name of participant-7'));
    }
  });
});
