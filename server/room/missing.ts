// What a room that was restored lacks of one participant. Pure.
import type { Participant, RoomOp, RoomSnapshot } from '../../shared/room/room.ts';

/** What has to be said for a participant and their tracks to be in the room. */
export function missingOf(
  room: RoomSnapshot,
  participant: Participant,
  known: RoomSnapshot,
): RoomOp[] {
  const { id: participantId } = participant;
  const isThere = room.participants.some(({ id }) => id === participantId);
  const there = new Set(room.tracks.map(({ id }) => id));
  const tracks = known.tracks.filter(
    (track) => track.participantId === participantId && !there.has(track.id),
  );
  return [
    ...(isThere ? [] : [{ op: 'join' as const, participant }]),
    ...tracks.map((track) => ({ op: 'publish' as const, track })),
  ];
}
