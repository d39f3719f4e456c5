// What is asked of the API about recordings, and its smaller answers.
import * as v from 'valibot';
import { RecordingId, Timestamp } from '../room/room.ts';
import { FileName } from './recording.ts';

/** Recordings on one page of a list. */
const PAGE = 50;
const MAX_PAGE = 100;
/** Characters of a search: several names. */
const MAX_QUERY = 200;
/** Seconds that a link lives: a minute at least, a year at most. */
const LINK_SECONDS = { min: 60, max: 31_536_000 };

/** The query of a list. */
export const ListQuery = v.object({
  room: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_QUERY))),
  q: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_QUERY))),
  cursor: v.exactOptional(RecordingId),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, `a number from 1 to ${MAX_PAGE}`),
      v.transform(Number),
      v.minValue(1),
      v.maxValue(MAX_PAGE),
    ),
    String(PAGE),
  ),
});

export const RecordingStarted = v.object({ id: RecordingId });
export type RecordingStarted = v.InferOutput<typeof RecordingStarted>;

/** What those who are about to join a room are told. */
export const CurrentRecording = v.object({
  recording: v.nullable(v.object({ paused: v.boolean(), startedAt: Timestamp })),
});
export type CurrentRecording = v.InferOutput<typeof CurrentRecording>;

/** `film`: to be shown by a player. `file`: to be saved. */
export const TicketKind = v.picklist(['film', 'file']);

/** Which film, or file of a track, is meant. */
export const TicketOrder = v.strictObject({ name: FileName, kind: v.optional(TicketKind, 'film') });

/** An address for `<video src>`, which can send no headers: for one file or film, and not for long. */
export const MediaTicket = v.object({
  /** Path and query, below the address of the server. */
  url: v.string(),
  ticket: v.string(),
  /** UTC seconds. */
  expiresAt: v.number(),
});
export type MediaTicket = v.InferOutput<typeof MediaTicket>;

export const LinkOrder = v.strictObject({
  name: FileName,
  /** Seconds. */
  expiresIn: v.exactOptional(
    v.pipe(v.number(), v.integer(), v.minValue(LINK_SECONDS.min), v.maxValue(LINK_SECONDS.max)),
  ),
});
