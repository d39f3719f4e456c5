// What puts a room, or a participant of it, back into a store that lost its memory. Pure.
import { operationOf, type RoomOp } from '../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../shared/room/room.ts';
import type { Judged } from './rules.ts';

/** Operations that make the room, all of it. */
export function opsOfRoom({ participants, tracks, chat, recordings = [] }: RoomSnapshot): RoomOp[] {
  return [
    ...participants.map((participant) => ({ op: 'join' as const, participant })),
    ...tracks.map((track) => ({ op: 'publish' as const, track })),
    ...recordings.map((recording) => ({ op: 'record' as const, recording })),
    ...chat.map((message) => ({ op: 'chat' as const, message })),
  ];
}

/** One operation for each item of a participant. None when the room did not know the participant. */
export function opsOfParticipant(known: RoomSnapshot, participantId: string): RoomOp[] {
  const participant = known.participants.find(({ id }) => id === participantId);
  if (!participant) return [];
  const tracks = known.tracks.filter((track) => track.participantId === participantId);
  return [
    { op: 'join', participant },
    ...tracks.map((track) => ({ op: 'publish' as const, track })),
  ];
}

/** Whether what the operation adds is not in the room. */
export function isMissing(room: Pick<Judged, 'holds'>, op: RoomOp): boolean {
  return operationOf(op)
    .effect(op)
    .some(
      (write) =>
        write.write === 'put' && room.holds({ is: 'absent', list: write.list, id: write.item.id }),
    );
}
