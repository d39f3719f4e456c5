// The state of a room as every participant sees it.
import * as v from 'valibot';
import { MediaKind } from '../media/rtp.ts';
import { LIMITS } from '../protocol/limits.ts';
import { isChatText, isDisplayName, isRoomName } from '../protocol/text.ts';
import { ROLES } from './grants.ts';

export const RoomName = v.pipe(v.string(), v.check(isRoomName, 'invalid_room'));
export const DisplayName = v.pipe(v.string(), v.check(isDisplayName, 'invalid_name'));
export const ChatText = v.pipe(v.string(), v.check(isChatText, 'not visible text, or too long'));
/** An id that a client chose (tracks, chat messages): random, so that no client can guess the id of another. */
export const ClientId = v.pipe(
  v.string(),
  v.minLength(LIMITS.clientIdMin),
  v.maxLength(LIMITS.clientIdMax),
  v.regex(/^[A-Za-z0-9_-]+$/),
);
/** An id that the server chose. */
export const ParticipantId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{10,40}$/));
/** UTC milliseconds. */
export const Timestamp = v.pipe(v.number(), v.integer(), v.minValue(0));
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const Version = v.pipe(v.number(), v.integer(), v.minValue(0));

export const Role = v.picklist(ROLES);
export type Role = v.InferOutput<typeof Role>;

export const TrackSource = v.picklist(['microphone', 'camera', 'screen', 'screen-audio']);
export type TrackSource = v.InferOutput<typeof TrackSource>;

export const Participant = v.object({
  id: ParticipantId,
  name: DisplayName,
  role: Role,
  joinedAt: Timestamp,
  /** False while the participant's socket is away and its grace period runs. */
  online: v.boolean(),
  /** Whether the participant agreed to be recorded. Absent: they have not answered. */
  consent: v.exactOptional(v.boolean()),
});
export type Participant = v.InferOutput<typeof Participant>;

export const Track = v.object({
  id: ClientId,
  participantId: ParticipantId,
  kind: MediaKind,
  source: TrackSource,
  muted: v.boolean(),
});
export type Track = v.InferOutput<typeof Track>;

export const ChatMessage = v.object({
  id: ClientId,
  participantId: ParticipantId,
  /** The author's name when it was written: the author may be gone when it is read. */
  name: DisplayName,
  text: ChatText,
  sentAt: Timestamp,
});
export type ChatMessage = v.InferOutput<typeof ChatMessage>;

/**
 * UTC time of the start and 50 random bits, `20261128T184512Z-h7q2m9x4kd`: ids sort by their start, and cannot be
 * guessed.
 */
export const RecordingId = v.pipe(v.string(), v.regex(/^\d{8}T\d{6}Z-[0-9a-z]{10}$/));

/** What a recording may lack. `full`: the disk, or the quota. `unwritable`: where recordings are kept. */
export const RECORDING_TROUBLES = ['full', 'unwritable'] as const;
export const RecordingTrouble = v.picklist([...RECORDING_TROUBLES, '']);
export type RecordingTrouble = v.InferOutput<typeof RecordingTrouble>;

/** The room's recording, while it runs. */
export const RoomRecording = v.object({
  id: RecordingId,
  startedAt: Timestamp,
  /** Null: an application, or a setting of the server. */
  startedBy: v.nullable(ParticipantId),
  paused: v.boolean(),
  /** Why nothing is kept of it at the moment, as a word of {@link RECORDING_TROUBLES}. Absent or empty: it is. */
  trouble: v.exactOptional(RecordingTrouble),
});
export type RoomRecording = v.InferOutput<typeof RoomRecording>;

export const RoomSnapshot = v.object({
  room: RoomName,
  version: Version,
  participants: v.array(Participant),
  tracks: v.array(Track),
  /** The newest messages only, oldest first. */
  chat: v.array(ChatMessage),
  /** One at most. Absent: the room is not recorded. */
  recordings: v.exactOptional(v.array(RoomRecording)),
  /** How many participants the room has, where these are a part of them: see the feature `roster`. */
  count: v.exactOptional(Count),
  /** How many of all share a camera or a screen. */
  pictured: v.exactOptional(Count),
});
export type RoomSnapshot = v.InferOutput<typeof RoomSnapshot>;

export function emptyRoom(room: string): RoomSnapshot {
  return { room, version: 0, participants: [], tracks: [], chat: [] };
}
