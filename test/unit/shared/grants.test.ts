// Grants: what each role may do, and that no operation forgets to ask.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../../server/room/compile.ts';
import { GRANTS, type Grant, isGranted, ROLES, rolesWith } from '../../../shared/room/grants.ts';
import { OPERATIONS, type RoomOp } from '../../../shared/room/operations.ts';

const GRANTED: Readonly<Record<string, readonly Grant[]>> = {
  host: ['publish', 'chat', 'record', 'moderate'],
  guest: ['publish', 'chat'],
  viewer: ['chat'],
};

for (const role of ROLES) {
  test(`a ${role} may do this, and nothing else`, () => {
    const all = Object.keys(GRANTS) as Grant[];
    assert.deepEqual(
      all.filter((grant) => isGranted(role, grant)),
      GRANTED[role],
    );
  });
}

const ME = 'participant-me';
const OTHER = 'participant-other';
const BY = { participantId: ME, tracksPerParticipant: 1 };
const track = { id: 'track-0000', kind: 'audio', source: 'microphone', muted: false } as const;
const message = { id: 'message-00', name: 'Ada', text: 'hello', sentAt: 0 };
const recording = { id: '20261128T184512Z-h7q2m9x4kd', startedAt: 0, paused: false } as const;
const participant = { name: 'Ada', role: 'host', joinedAt: 0, online: true } as const;

/** Each operation in the name of another participant, or on what another one has. */
const ON_OTHERS: Readonly<Record<RoomOp['op'], RoomOp>> = {
  join: { op: 'join', participant: { ...participant, id: OTHER } },
  presence: { op: 'presence', participantId: OTHER, online: false },
  leave: { op: 'leave', participantId: OTHER },
  publish: { op: 'publish', track: { ...track, participantId: OTHER } },
  mute: { op: 'mute', trackId: track.id, muted: true, by: OTHER },
  unpublish: { op: 'unpublish', trackId: track.id },
  chat: { op: 'chat', message: { ...message, participantId: OTHER } },
  record: { op: 'record', recording: { ...recording, startedBy: OTHER } },
  pauseRecording: { op: 'pauseRecording', recordingId: recording.id, paused: true },
  stopRecording: { op: 'stopRecording', recordingId: recording.id },
  recordingTrouble: { op: 'recordingTrouble', recordingId: recording.id, trouble: 'full' },
  consent: { op: 'consent', participantId: OTHER, consent: true },
};

test('every operation has a condition that can forbid it', () => {
  assert.deepEqual(Object.keys(ON_OTHERS).toSorted(), Object.keys(OPERATIONS).toSorted());
  for (const op of Object.values(ON_OTHERS)) {
    const codes = compile(op, BY).requires.map(({ code }) => code);
    assert.ok(codes.includes('forbidden'), op.op);
  }
});

test('an operation with a grant asks first for a role that has it', () => {
  const op: RoomOp = { op: 'publish', track: { ...track, participantId: ME } };
  const [first] = compile(op, BY).requires;
  assert.deepEqual(first, {
    code: 'forbidden',
    anyOf: [
      {
        ...{ is: 'field', list: 'participants', id: ME, field: 'role' },
        values: rolesWith('publish'),
      },
    ],
  });
});
