// The manifest of a recording: JSON lines, each written once. Every recorder that takes part writes its own log;
// merged, they are the manifest. docs/recording.md describes it; a test holds the two together.
import * as v from 'valibot';
import { MediaKind } from '../../../shared/media/rtp.ts';
import { FileName } from '../../../shared/recording/recording.ts';
import {
  ClientId,
  ParticipantId,
  RecordingId,
  Role,
  RoomName,
  Timestamp,
  TrackSource,
  Version,
} from '../../../shared/room/room.ts';

/** UTC milliseconds by the clock of the media node, with fractions. */
const Utc = v.number();
/** Milliseconds since the beginning of a segment, with fractions. */
const MediaMs = v.number();
/** The version of the room with which it became so: recorders of several nodes see the same changes. */
const version = Version;

/** Why a segment ended. */
export const SEGMENT_ENDS = [
  /** The recording was stopped or paused, or its participant declined. */
  'stopped',
  'paused',
  'declined',
  /** The track ended, or its sender is on another media node now. */
  'unpublished',
  /** The stream has another codec, size or clock from here on. */
  'codec',
  'size',
  'clock',
  /** The file became too long. */
  'length',
  /** The disk is full, or cannot be written. */
  'disk',
  /** The recorder was told to end. */
  'recorder_closed',
  /** Never written: a merge says it of a segment without an end. */
  'lost',
] as const;

/** Why a part of a track is missing. */
export const GAP_REASONS = [
  /** A recorder, a worker, a media node or a machine was gone. */
  'lost',
  'declined',
  'disk',
  /** The sender's packets did not arrive for longer than a second. */
  'silent',
] as const;

export const MANIFEST_LINES = {
  /** The first line of each log. */
  begin: v.object({
    type: v.literal('begin'),
    at: Utc,
    /** The version of the schema of these lines. */
    format: v.literal(1),
    recording: RecordingId,
    room: RoomName,
    startedAt: Timestamp,
    /** The recorder process that writes this log. */
    writer: FileName,
    /** The media node beside it. */
    node: v.string(),
  }),
  joined: v.object({
    type: v.literal('joined'),
    at: Utc,
    version,
    participantId: ParticipantId,
    name: v.string(),
    role: Role,
  }),
  left: v.object({ type: v.literal('left'), at: Utc, version, participantId: ParticipantId }),
  published: v.object({
    type: v.literal('published'),
    at: Utc,
    version,
    trackId: ClientId,
    participantId: ParticipantId,
    kind: MediaKind,
    source: TrackSource,
    muted: v.boolean(),
  }),
  unpublished: v.object({ type: v.literal('unpublished'), at: Utc, version, trackId: ClientId }),
  muted: v.object({
    type: v.literal('muted'),
    at: Utc,
    version,
    trackId: ClientId,
    muted: v.boolean(),
  }),
  chat: v.object({
    type: v.literal('chat'),
    at: Utc,
    version,
    id: ClientId,
    participantId: ParticipantId,
    name: v.string(),
    text: v.string(),
  }),
  /** Whether the participant agreed to be recorded. Only written where everybody is asked. */
  consent: v.object({
    type: v.literal('consent'),
    at: Utc,
    version,
    participantId: ParticipantId,
    consent: v.boolean(),
  }),
  paused: v.object({ type: v.literal('paused'), at: Utc, version, paused: v.boolean() }),
  /** The recording is over: it was stopped, or the last participant left. */
  stopped: v.object({ type: v.literal('stopped'), at: Utc, version }),
  /** Those who speak now, the loudest first. Of the participants of one node, or router. */
  speakers: v.object({
    type: v.literal('speakers'),
    at: Utc,
    origin: v.string(),
    participantIds: v.array(ParticipantId),
  }),
  segment: v.object({
    type: v.literal('segment'),
    at: Utc,
    /** Its file. */
    segment: FileName,
    trackId: ClientId,
    participantId: ParticipantId,
    kind: MediaKind,
    source: TrackSource,
    /** The epoch of the media session that sent it: a later one is of another worker or node. */
    epoch: v.number(),
    /** As in a MIME type: `video/VP8`, `audio/opus`. */
    codec: v.string(),
    width: v.exactOptional(v.number()),
    height: v.exactOptional(v.number()),
    /** When its first frame was captured. */
    startedAt: Utc,
    /** `sender`: from the sender's clock, by RTCP. `arrival`: that is not known, this is when it arrived. */
    clock: v.picklist(['sender', 'arrival']),
  }),
  /** What was captured at `mediaMs` of the segment was captured at `utcMs`. The newest ones are the truest. */
  clock: v.object({
    type: v.literal('clock'),
    at: Utc,
    segment: FileName,
    mediaMs: MediaMs,
    utcMs: Utc,
  }),
  /** Packets that never came. Video goes on with the next key frame. */
  loss: v.object({
    type: v.literal('loss'),
    at: Utc,
    segment: FileName,
    mediaMs: MediaMs,
    packets: v.number(),
  }),
  end: v.object({
    type: v.literal('end'),
    at: Utc,
    segment: FileName,
    why: v.picklist(SEGMENT_ENDS),
    durationMs: MediaMs,
    bytes: v.number(),
  }),
  /** A part of a track that should be there and is not. */
  gap: v.object({
    type: v.literal('gap'),
    at: Utc,
    trackId: ClientId,
    participantId: ParticipantId,
    from: Utc,
    to: Utc,
    why: v.picklist(GAP_REASONS),
  }),
  /** The last line of a log whose recorder was told to end, or that of a stopped recording. */
  close: v.object({ type: v.literal('close'), at: Utc, writer: FileName }),
} as const;

export const ManifestLine = v.variant('type', Object.values(MANIFEST_LINES));
export type ManifestLine = v.InferOutput<typeof ManifestLine>;
export type LineOf<Type extends ManifestLine['type']> = Extract<ManifestLine, { type: Type }>;

/** A line as text, with its line break. */
export function lineText(line: ManifestLine): string {
  return `${JSON.stringify(line)}\n`;
}

/**
 * The lines of a log. A last line that is cut off, and what cannot be read, is left out: a recorder may have been
 * killed as it wrote.
 */
export function readLines(text: string): ManifestLine[] {
  return text.split('\n').flatMap((each) => {
    if (each === '') return [];
    try {
      const parsed = v.safeParse(ManifestLine, JSON.parse(each));
      return parsed.success ? [parsed.output] : [];
    } catch {
      return [];
    }
  });
}
