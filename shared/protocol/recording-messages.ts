// What a client and `web` say of the recording of a call.
import * as v from 'valibot';
import { RecordingId } from '../room/room.ts';

const Empty = v.object({});

/** What a participant may do about recordings, and what the page has to do. Absent: the server does not record. */
export const CallRecording = v.object({
  /** Whether the participant may begin, pause and end a recording, and use it afterwards. */
  allowed: v.boolean(),
  /** Whether the participant has to be asked: without an answer nothing is recorded of them. */
  askConsent: v.boolean(),
  /** Whether the beginning and the end of a recording are to be heard. */
  audible: v.boolean(),
});
export type CallRecording = v.InferOutput<typeof CallRecording>;

/** What the answers of a join and of a resume say of it. */
export const OfRecording = { recording: v.exactOptional(CallRecording) };

export const RECORDING_METHODS = {
  /** Idempotent: where the call is being recorded already, the answer names that recording. */
  startRecording: { params: Empty, result: v.object({ recordingId: RecordingId }) },
  pauseRecording: {
    params: v.object({ recordingId: RecordingId, paused: v.boolean() }),
    result: Empty,
  },
  /** A recording that has ended already is what was asked for. */
  stopRecording: { params: v.object({ recordingId: RecordingId }), result: Empty },
  /** Whether we may be recorded. It can be changed at any time. */
  consent: { params: v.object({ consent: v.boolean() }), result: Empty },
  /** A token for the page and the HTTP API of this room's recordings. Secret. */
  recordingAccess: {
    params: Empty,
    /** `expiresAt`: UTC seconds. */
    result: v.object({ token: v.string(), expiresAt: v.number() }),
  },
} as const;
export type RecordingMethod = keyof typeof RECORDING_METHODS;
