// Recordings as the page and applications know them: their ids, states, tracks and films.
import * as v from 'valibot';
import { MediaKind } from '../media/rtp.ts';
import { Count, RecordingId, RoomName, Timestamp, TrackSource } from '../room/room.ts';

/** How the participants of a film are arranged. `audio`: no picture at all. */
export const FILM_LAYOUTS = ['grid', 'speaker', 'screen', 'audio'] as const;
export const FilmLayout = v.picklist(FILM_LAYOUTS);
export type FilmLayout = v.InferOutput<typeof FilmLayout>;

export const FILM_FORMATS = ['mp4', 'webm'] as const;
export const FilmFormat = v.picklist(FILM_FORMATS);
export type FilmFormat = v.InferOutput<typeof FilmFormat>;

/** What a film is to be. */
export const FilmOrder = v.strictObject({
  layout: v.optional(FilmLayout, 'grid'),
  format: v.optional(FilmFormat, 'mp4'),
  /** The chat as subtitles. */
  chat: v.optional(v.boolean(), false),
});
export type FilmOrder = v.InferOutput<typeof FilmOrder>;

/**
 * `running`, `paused`: in the room now. `finishing`: over, and its files are being put in order. `ready`: all that
 * there is of it is in the store.
 */
export const RecordingState = v.picklist(['running', 'paused', 'finishing', 'ready']);
export type RecordingState = v.InferOutput<typeof RecordingState>;

/** The name of a file of a recording, as it stands in its address: never a path. */
export const FileName = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
);

/** One file: a track from its beginning, or from an interruption, to the next one. */
export const RecordedFile = v.object({
  name: FileName,
  kind: MediaKind,
  source: TrackSource,
  /** The name of the participant whose track it is, at that time. */
  participant: v.string(),
  codec: v.string(),
  /** UTC milliseconds of its first frame. */
  startedAt: Timestamp,
  durationMs: v.number(),
  bytes: Count,
});
export type RecordedFile = v.InferOutput<typeof RecordedFile>;

/** What is missing of a track, and why. */
export const RecordedGap = v.object({
  participant: v.string(),
  source: TrackSource,
  from: Timestamp,
  to: Timestamp,
  why: v.string(),
});
export type RecordedGap = v.InferOutput<typeof RecordedGap>;

export const FilmState = v.picklist(['waiting', 'rendering', 'ready', 'failed', 'cancelled']);

export const Film = v.object({
  /** The id of the job that makes it: to follow and to cancel it. */
  id: v.string(),
  ...FilmOrder.entries,
  state: FilmState,
  /** From 0 to 1. */
  progress: v.number(),
  /** Undefined while it is not ready. */
  name: v.exactOptional(FileName),
  bytes: v.exactOptional(Count),
  /** Why it failed, as a sentence. */
  problem: v.exactOptional(v.string()),
});
export type Film = v.InferOutput<typeof Film>;

export const RecordingSummary = v.object({
  id: RecordingId,
  room: RoomName,
  state: RecordingState,
  startedAt: Timestamp,
  /** Null while it runs. */
  endedAt: v.nullable(Timestamp),
  /** Names of those who were recorded, in the order in which they came. */
  participants: v.array(v.string()),
  /** The size of all files of tracks. */
  bytes: Count,
});
export type RecordingSummary = v.InferOutput<typeof RecordingSummary>;

export const RecordingDetails = v.object({
  ...RecordingSummary.entries,
  files: v.array(RecordedFile),
  gaps: v.array(RecordedGap),
  films: v.array(Film),
});
export type RecordingDetails = v.InferOutput<typeof RecordingDetails>;

export const RecordingList = v.object({
  recordings: v.array(RecordingSummary),
  /** For the next page; null at the end. */
  cursor: v.nullable(v.string()),
});
export type RecordingList = v.InferOutput<typeof RecordingList>;

/** A link to one film or file, for somebody without an account. */
export const ShareLink = v.object({ url: v.string(), expiresAt: v.number() });
export type ShareLink = v.InferOutput<typeof ShareLink>;
