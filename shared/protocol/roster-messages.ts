// What a client is told of a large room: the changes of the part that it knows, its size, and pages of participants.
import * as v from 'valibot';
import { RoomPatch } from '../room/operations.ts';
import { Count, Participant, ParticipantId, Track, Version } from '../room/room.ts';
import { LIMITS } from './limits.ts';

/** Absent in small rooms: a client knows all of them. */
export const RoomSize = v.object({
  count: v.exactOptional(Count),
  /** How many share a camera or a screen. */
  pictured: v.exactOptional(Count),
});
export type RoomSize = v.InferOutput<typeof RoomSize>;

export const RosterChange = v.object({
  /** A client whose version is lower has missed changes. */
  since: Version,
  /** The version of the room after them. */
  version: Version,
  ops: RoomPatch.entries.ops,
  /** Those whom the client is not kept up to date about any more. They are in the room. */
  away: v.array(ParticipantId),
  count: Count,
  pictured: Count,
});
export type RosterChange = v.InferOutput<typeof RosterChange>;

export const ParticipantsParams = v.object({
  /** A part of the display name. Case and accents do not count. */
  search: v.exactOptional(v.pipe(v.string(), v.maxLength(LIMITS.displayNameLength))),
  /** How many of those found come before the page. */
  offset: Count,
  limit: v.pipe(Count, v.maxValue(LIMITS.participantsPerPage)),
  /** `pictures`: those alone who share a camera or a screen. */
  with: v.exactOptional(v.literal('pictures')),
});

export const ParticipantsResult = v.object({
  version: Version,
  /** In the order in which they came. */
  participants: v.array(Participant),
  tracks: v.array(Track),
  /** How many were found on all pages together. */
  total: Count,
});
