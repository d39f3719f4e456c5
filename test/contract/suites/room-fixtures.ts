// People, tracks and messages of the contract tests.
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { Admission, RoomStore, SessionGuard } from '../../../server/cluster/cluster.ts';
import type { RoomOp } from '../../../shared/room/operations.ts';
import type { Role } from '../../../shared/room/room.ts';

export const LIMITS = { tracksPerParticipant: 3 };
/** Of every session in these tests. */
export const HASH = 'the-hash-of-a-resume-secret';

export function admission(id: string, rest: Partial<Admission> & { role?: Role } = {}): Admission {
  const { role = 'guest', ...others } = rest;
  return {
    participant: { id, name: id, role, joinedAt: 1, online: true },
    resumeHash: HASH,
    maxParticipants: 100,
    ...others,
  };
}

/** Somebody new in the room, with the guard of their session. */
export async function enter(rooms: RoomStore, room: string, role?: Role): Promise<SessionGuard> {
  const participantId = randomId();
  await rooms.admit(room, admission(participantId, role ? { role } : {}));
  return { participantId, fence: 1 };
}

export function publish({ participantId }: SessionGuard, id = randomId()): RoomOp {
  const kind = 'audio' as const;
  const source = 'microphone' as const;
  return { op: 'publish', track: { id, participantId, kind, source, muted: false } };
}

export function chat({ participantId }: SessionGuard, text = 'hello', id = randomId()): RoomOp {
  return { op: 'chat', message: { id, participantId, name: 'Somebody', text, sentAt: 1 } };
}
