// What one session may change in a room, and what it may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionGuard } from '../../../server/cluster/cluster.ts';
import { checkOps, judged } from '../../../server/room/rules.ts';
import type { RoomOp } from '../../../shared/room/operations.ts';
import type { Participant, Role, RoomSnapshot, Track } from '../../../shared/room/room.ts';

const HOST = 'participant-host';
const GUEST = 'participant-guest';
const OTHER = 'participant-other';
const VIEWER = 'participant-viewer';
const LIMITS = { tracksPerParticipant: 2 };

const person = (id: string, role: Role): Participant => ({
  id,
  name: id,
  role,
  joinedAt: 0,
  online: true,
});
const track = (id: string, participantId: string): Track => ({
  id,
  participantId,
  kind: 'audio',
  source: 'microphone',
  muted: false,
});
const message = (id: string, participantId: string) => ({
  id,
  participantId,
  name: participantId,
  text: 'hello',
  sentAt: 0,
});

const ROOM: RoomSnapshot = {
  room: 'team',
  version: 7,
  participants: [
    person(HOST, 'host'),
    person(GUEST, 'guest'),
    person(OTHER, 'guest'),
    person(VIEWER, 'viewer'),
  ],
  tracks: [track('track-guest-1', GUEST), track('track-other-1', OTHER)],
  chat: [message('message-of-other', OTHER)],
};

function outcome(who: SessionGuard['participantId'], ...ops: RoomOp[]): string {
  try {
    checkOps(judged(ROOM), { participantId: who, ...LIMITS }, ops, { chatHistory: 5 });
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const publish = (id: string, owner: string): RoomOp => ({ op: 'publish', track: track(id, owner) });
const mute = (trackId: string, muted: boolean, by: string): RoomOp => ({
  op: 'mute',
  trackId,
  muted,
  by,
});

const CASES: readonly [string, string, RoomOp[], string][] = [
  ['a viewer shares a track', VIEWER, [publish('track-viewer-1', VIEWER)], 'forbidden'],
  ['a viewer writes', VIEWER, [{ op: 'chat', message: message('message-new-2', VIEWER) }], 'ok'],
  ['a viewer mutes another', VIEWER, [mute('track-other-1', true, VIEWER)], 'forbidden'],
  ['a viewer removes another', VIEWER, [{ op: 'leave', participantId: OTHER }], 'forbidden'],
  [
    'a host who left the room mutes another',
    HOST,
    [{ op: 'leave', participantId: HOST }, mute('track-other-1', true, HOST)],
    'forbidden',
  ],
  [
    'a host who left the room shares a track',
    HOST,
    [{ op: 'leave', participantId: HOST }, publish('track-host-1', HOST)],
    'forbidden',
  ],
  ['a guest shares a track', GUEST, [publish('track-guest-2', GUEST)], 'ok'],
  ['a guest shares the same track again', GUEST, [publish('track-guest-1', GUEST)], 'ok'],
  ['a guest shares in another name', GUEST, [publish('track-guest-2', OTHER)], 'forbidden'],
  ['a guest takes the id of another', GUEST, [publish('track-other-1', GUEST)], 'id_taken'],
  [
    'a guest shares more than allowed, in one go',
    GUEST,
    [publish('track-guest-2', GUEST), publish('track-guest-3', GUEST)],
    'too_many_tracks',
  ],
  [
    'a guest replaces one track by another, in one go',
    GUEST,
    [
      publish('track-guest-2', GUEST),
      { op: 'unpublish', trackId: 'track-guest-1' },
      publish('track-guest-3', GUEST),
    ],
    'ok',
  ],
  ['a guest mutes their own track', GUEST, [mute('track-guest-1', true, GUEST)], 'ok'],
  ['a guest mutes in another name', GUEST, [mute('track-guest-1', true, HOST)], 'forbidden'],
  ['a guest mutes somebody else', GUEST, [mute('track-other-1', true, GUEST)], 'forbidden'],
  ['a host mutes somebody', HOST, [mute('track-other-1', true, HOST)], 'ok'],
  [
    'a host unmutes somebody, who did not ask for it',
    HOST,
    [mute('track-other-1', false, HOST)],
    'forbidden',
  ],
  ['a host mutes what is gone', HOST, [mute('track-gone-00', true, HOST)], 'unknown_track'],
  ['a guest takes back their track', GUEST, [{ op: 'unpublish', trackId: 'track-guest-1' }], 'ok'],
  [
    'a guest takes back what is gone already',
    GUEST,
    [{ op: 'unpublish', trackId: 'track-gone-00' }],
    'ok',
  ],
  [
    'a guest takes back another’s track',
    GUEST,
    [{ op: 'unpublish', trackId: 'track-other-1' }],
    'forbidden',
  ],
  ['a guest removes somebody', GUEST, [{ op: 'leave', participantId: OTHER }], 'forbidden'],
  [
    'a guest removes themselves as a host would',
    GUEST,
    [{ op: 'leave', participantId: GUEST }],
    'forbidden',
  ],
  ['a host removes somebody', HOST, [{ op: 'leave', participantId: OTHER }], 'ok'],
  [
    'a host removes a stranger',
    HOST,
    [{ op: 'leave', participantId: 'participant-gone' }],
    'unknown_participant',
  ],
  [
    'a guest says something',
    GUEST,
    [{ op: 'chat', message: message('message-new-1', GUEST) }],
    'ok',
  ],
  [
    'a guest says something in another name',
    GUEST,
    [{ op: 'chat', message: message('message-new-1', OTHER) }],
    'forbidden',
  ],
  [
    'somebody says the same message again',
    OTHER,
    [{ op: 'chat', message: message('message-of-other', OTHER) }],
    'ok',
  ],
  [
    'a guest takes the id of another’s message',
    GUEST,
    [{ op: 'chat', message: message('message-of-other', GUEST) }],
    'id_taken',
  ],
  [
    'a guest is present again',
    GUEST,
    [{ op: 'presence', participantId: GUEST, online: true }],
    'ok',
  ],
  [
    'a guest declares another absent',
    GUEST,
    [{ op: 'presence', participantId: OTHER, online: false }],
    'forbidden',
  ],
  [
    'a guest brings a friend in',
    GUEST,
    [{ op: 'join', participant: person('participant-new', 'host') }],
    'forbidden',
  ],
  ['somebody who is not in the room', 'participant-gone', [], 'session_lost'],
  [
    'one bad operation among good ones',
    GUEST,
    [publish('track-guest-2', GUEST), mute('track-other-1', true, GUEST)],
    'forbidden',
  ],
];

for (const [name, who, ops, expected] of CASES) {
  test(`${name}: ${expected}`, () => assert.equal(outcome(who, ...ops), expected));
}
