// A part of a large room as one client knows it, and the changes of that part. Pure.
import type { RoomOp, RoomPatch } from '../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../shared/room/room.ts';
import type { Roster } from './roster.ts';

/** A patch, and who each of its operations is about. */
export interface OwnedPatch {
  readonly patch: RoomPatch;
  /** One for each operation. Undefined: it is about everybody, or about a track that is not in the room. */
  readonly owners: readonly (string | undefined)[];
}

/** Operations that are about no participant: everybody is told of them. */
const OF_THE_ROOM: ReadonlySet<RoomOp['op']> = new Set([
  'chat',
  'record',
  'pauseRecording',
  'stopRecording',
  'recordingTrouble',
]);

/** Changes that lead from one state of the room to another one. */
export interface Batch {
  readonly patches: readonly OwnedPatch[];
  /** The room after them. */
  readonly roster: Roster;
}

/** What becomes of the part that a client knows. */
export interface PartChange {
  readonly ops: RoomOp[];
  /** They are in the room, and are not among those whom the client knows any more. */
  readonly away: string[];
}

/** @param roster before the patch: afterwards it would not know whose track was unpublished */
export function ownedPatch(roster: Roster | undefined, patch: RoomPatch): OwnedPatch {
  const published = new Map<string, string>();
  const ownerOf = (trackId: string) =>
    published.get(trackId) ?? roster?.track(trackId)?.participantId;
  const owners = patch.ops.map((op) => {
    if (op.op === 'publish') published.set(op.track.id, op.track.participantId);
    return participantOf(op, ownerOf);
  });
  return { patch, owners };
}

function participantOf(
  op: RoomOp,
  ownerOf: (trackId: string) => string | undefined,
): string | undefined {
  switch (op.op) {
    case 'join':
      return op.participant.id;
    case 'presence':
    case 'leave':
    case 'consent':
      return op.participantId;
    case 'publish':
      return op.track.participantId;
    case 'mute':
    case 'unpublish':
      return ownerOf(op.trackId);
    case 'chat':
    case 'record':
    case 'pauseRecording':
    case 'stopRecording':
    case 'recordingTrouble':
      return undefined;
  }
}

/** The room with these participants alone, and with the number of all. @param ids may name some twice */
export function partOf(roster: Roster, ids: Iterable<string>): RoomSnapshot {
  const { room, version, count, pictured, recordings } = roster;
  const known = [...new Set(ids)];
  return {
    ...{ room, version, count, pictured },
    participants: known.flatMap((id) => roster.participant(id) ?? []),
    tracks: known.flatMap((id) => roster.tracksOf(id)),
    chat: [...roster.chat],
    ...(recordings.length > 0 && { recordings: [...recordings] }),
  };
}

/** One participant of the room with their tracks, as operations that make them known. */
export function opsThatShow(roster: Roster, participantId: string): RoomOp[] {
  const participant = roster.participant(participantId);
  if (!participant) return [];
  return [
    { op: 'join', participant },
    ...roster.tracksOf(participantId).map((track): RoomOp => ({ op: 'publish', track })),
  ];
}

/**
 * A client that applies it to the part that it knew has the part that it should know. It may be applied to a later
 * state of the same room too, which has some of the changes already.
 *
 * @param knew whether the client knew a participant before these changes
 * @param entered participants whom it knows from now on, and did not before
 * @param left participants whom it knew, and does not from now on. Those who left the room may be among them
 */
export function partChange(
  { patches, roster }: Batch,
  knew: (participantId: string) => boolean,
  { entered, left }: { entered: Iterable<string>; left: Iterable<string> },
): PartChange {
  const ops: RoomOp[] = [];
  for (const { patch, owners } of patches) {
    for (const [index, op] of patch.ops.entries()) {
      const owner = owners[index];
      if (OF_THE_ROOM.has(op.op) || (owner !== undefined && knew(owner))) ops.push(op);
    }
  }
  for (const id of entered) ops.push(...opsThatShow(roster, id));
  return { ops, away: [...left].filter((id) => roster.participant(id) !== undefined) };
}
