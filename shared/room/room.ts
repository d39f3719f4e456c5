// The state of a room as everybody sees it, and the one function that applies a patch to it.
import * as v from 'valibot';
import { MediaKind } from '../media/rtp.ts';
import { LIMITS } from '../protocol/limits.ts';
import { isChatText, isDisplayName, isRoomName } from '../protocol/text.ts';

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
export const Version = v.pipe(v.number(), v.integer(), v.minValue(0));

/** `host` may also mute and remove others; `viewer` watches and chats but shares nothing. */
export const Role = v.picklist(['host', 'guest', 'viewer']);
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

export const RoomOp = v.variant('op', [
  v.object({ op: v.literal('join'), participant: Participant }),
  v.object({ op: v.literal('presence'), participantId: ParticipantId, online: v.boolean() }),
  v.object({ op: v.literal('leave'), participantId: ParticipantId }),
  v.object({ op: v.literal('publish'), track: Track }),
  /** `by` tells whether the participant or a host muted the track. */
  v.object({ op: v.literal('mute'), trackId: ClientId, muted: v.boolean(), by: ParticipantId }),
  v.object({ op: v.literal('unpublish'), trackId: ClientId }),
  v.object({ op: v.literal('chat'), message: ChatMessage }),
]);
export type RoomOp = v.InferOutput<typeof RoomOp>;

/** One atomic change: it leads from `version - 1` to `version`. */
export const RoomPatch = v.object({ version: Version, ops: v.array(RoomOp) });
export type RoomPatch = v.InferOutput<typeof RoomPatch>;

export const RoomSnapshot = v.object({
  room: RoomName,
  version: Version,
  participants: v.array(Participant),
  tracks: v.array(Track),
  /** The newest messages only, oldest first. */
  chat: v.array(ChatMessage),
});
export type RoomSnapshot = v.InferOutput<typeof RoomSnapshot>;

export function emptyRoom(room: string): RoomSnapshot {
  return { room, version: 0, participants: [], tracks: [], chat: [] };
}

export interface ApplyOptions {
  /** How many chat messages a snapshot keeps. */
  chatHistory: number;
}

/**
 * The room after one patch. Pure; the stores and the clients all use it, so they cannot disagree.
 * Each operation is idempotent: a repeated join, leave or message changes nothing.
 *
 * @returns undefined when the patch does not follow the snapshot's version: ask for a snapshot.
 */
export function applyPatch(
  snapshot: RoomSnapshot,
  patch: RoomPatch,
  options: ApplyOptions,
): RoomSnapshot | undefined {
  if (patch.version !== snapshot.version + 1) return undefined;
  let next: RoomSnapshot = { ...snapshot, version: patch.version };
  for (const op of patch.ops) next = applyOp(next, op, options);
  return next;
}

function applyOp(room: RoomSnapshot, op: RoomOp, options: ApplyOptions): RoomSnapshot {
  switch (op.op) {
    case 'join':
      return { ...room, participants: upsert(room.participants, op.participant) };
    case 'presence':
      return {
        ...room,
        participants: update(room.participants, op.participantId, { online: op.online }),
      };
    case 'leave':
      return {
        ...room,
        participants: room.participants.filter(({ id }) => id !== op.participantId),
        tracks: room.tracks.filter(({ participantId }) => participantId !== op.participantId),
      };
    case 'publish':
      return { ...room, tracks: upsert(room.tracks, op.track) };
    case 'mute':
      return { ...room, tracks: update(room.tracks, op.trackId, { muted: op.muted }) };
    case 'unpublish':
      return { ...room, tracks: room.tracks.filter(({ id }) => id !== op.trackId) };
    case 'chat':
      if (room.chat.some(({ id }) => id === op.message.id)) return room;
      return { ...room, chat: newest([...room.chat, op.message], options.chatHistory) };
  }
}

function upsert<T extends { id: string }>(list: readonly T[], item: T): T[] {
  const index = list.findIndex(({ id }) => id === item.id);
  return index < 0 ? [...list, item] : list.with(index, item);
}

function update<T extends { id: string }>(list: T[], id: string, change: Partial<T>): T[] {
  return list.map((item) => (item.id === id ? { ...item, ...change } : item));
}

function newest<T>(list: T[], count: number): T[] {
  return count > 0 ? list.slice(-count) : [];
}
