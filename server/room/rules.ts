// Which operations a session may commit to a room: pure, so every store decides alike.
import { ParleyError } from '../../shared/errors.ts';
import { applyPatch, type RoomOp, type RoomSnapshot } from '../../shared/room/room.ts';
import type { CommitLimits } from '../cluster/cluster.ts';

/**
 * Each operation is judged by the room that those before it would leave.
 *
 * @throws ParleyError `id_taken`, `unknown_track`, `unknown_participant`, `too_many_tracks`,
 *   `forbidden`
 */
export function checkOps(
  room: RoomSnapshot,
  participantId: string,
  ops: readonly RoomOp[],
  limits: CommitLimits,
): void {
  if (!room.participants.some(({ id }) => id === participantId)) {
    throw new ParleyError('session_lost');
  }
  let state = room;
  for (const op of ops) {
    checkOp(state, participantId, op, limits);
    const patch = { version: state.version + 1, ops: [op] };
    state = applyPatch(state, patch, { chatHistory: Number.MAX_SAFE_INTEGER }) ?? state;
  }
}

function checkOp(
  room: RoomSnapshot,
  participantId: string,
  op: RoomOp,
  limits: CommitLimits,
): void {
  const isHost = room.participants.some(({ id, role }) => id === participantId && role === 'host');
  switch (op.op) {
    case 'join':
      // Only admission adds people; a session may rewrite its own entry.
      if (op.participant.id !== participantId) throw new ParleyError('forbidden');
      break;
    case 'presence':
      if (op.participantId !== participantId) throw new ParleyError('forbidden');
      break;
    case 'leave':
      // Releasing a session is how one leaves; a `leave` operation is a host removing somebody.
      if (!isHost) throw new ParleyError('forbidden');
      if (!room.participants.some(({ id }) => id === op.participantId)) {
        throw new ParleyError('unknown_participant');
      }
      break;
    case 'publish':
      checkPublish(room, participantId, op.track, limits);
      break;
    case 'mute': {
      const track = room.tracks.find(({ id }) => id === op.trackId);
      if (!track) throw new ParleyError('unknown_track');
      const mayMute = track.participantId === participantId || (isHost && op.muted);
      if (!mayMute || op.by !== participantId) throw new ParleyError('forbidden');
      break;
    }
    case 'unpublish': {
      const track = room.tracks.find(({ id }) => id === op.trackId);
      // Already gone is what was asked for: the request may be a repetition.
      if (track && track.participantId !== participantId) throw new ParleyError('forbidden');
      break;
    }
    case 'chat':
      if (op.message.participantId !== participantId) throw new ParleyError('forbidden');
      if (
        room.chat.some(({ id, participantId: by }) => id === op.message.id && by !== participantId)
      ) {
        // A repetition is dropped; this one would be too, and its author would never know.
        throw new ParleyError('id_taken');
      }
      break;
  }
}

function checkPublish(
  room: RoomSnapshot,
  participantId: string,
  track: { id: string; participantId: string },
  limits: CommitLimits,
): void {
  if (track.participantId !== participantId) throw new ParleyError('forbidden');
  const sameId = room.tracks.find(({ id }) => id === track.id);
  if (sameId && sameId.participantId !== participantId) throw new ParleyError('id_taken');
  const own = room.tracks.filter((other) => other.participantId === participantId).length;
  if (!sameId && own >= limits.tracksPerParticipant) throw new ParleyError('too_many_tracks');
}
