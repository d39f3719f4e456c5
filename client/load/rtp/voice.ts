// A generated voice: packets of speech, and of silence as a codec with discontinuous transmission sends it.
import type { AudioLevel } from './packet.ts';
import { STAMP_BYTES } from './stamp.ts';

/** A frame of speech, and the time between two packets of silence. */
export const VOICE_FRAME_MS = 20;
const SILENCE_EVERY = 20;
/** 32 kbit/s, as browsers send speech. */
const SPEECH_BYTES = 80;
/** 20 ms of a tone of 400 Hz, as libopus encodes its 31st frame. The same one again and again is a steady tone. */
const TONE = Buffer.from('78ab422cc7fb501a6cb1d33a4a389bab43f87c65dd0a908da0157455bd707efe', 'hex');
/** What an encoder with nothing to say sends: how long the frame is, and no frame. */
const NOTHING = TONE.subarray(0, 1);
const PADDED_HEADER_BYTES = 3;
/** A frame that says only how long it is. */
const SILENCE_BYTES = PADDED_HEADER_BYTES + STAMP_BYTES;
/** Where a frame of speech has its number, in 32 bits: in its padding, before the stamp. */
const NUMBER_AT = SPEECH_BYTES - STAMP_BYTES - 4;
/** Below full scale, in dB. */
const SPEECH_LEVEL = 24;
const NO_LEVEL = 127;

export interface VoicePacket {
  payload: Uint8Array;
  level: Omit<AudioLevel, 'id'>;
  /** First of an utterance. */
  marker: boolean;
}

/**
 * @param frame counts from the beginning of the stream, silence included
 * @returns undefined for a frame that is left out
 */
export function voicePacket(
  frame: number,
  speaks: boolean,
  spokeBefore: boolean,
): VoicePacket | undefined {
  const isLast = spokeBefore && !speaks;
  if (!speaks && !isLast && frame % SILENCE_EVERY !== 0) return undefined;
  const payload = speaks ? padded(TONE, SPEECH_BYTES) : padded(NOTHING, SILENCE_BYTES);
  if (speaks) new DataView(payload.buffer).setUint32(NUMBER_AT, frame);
  const level = { belowFullScale: speaks ? SPEECH_LEVEL : NO_LEVEL, voice: speaks };
  return { payload, level, marker: speaks && !spokeBefore };
}

/** Whether its sender pauses after a packet of this size. */
export function isSilence(payloadBytes: number): boolean {
  return payloadBytes <= SILENCE_BYTES;
}

/** The number of a frame of speech; undefined for other payloads. */
export function readVoiceFrame(payload: Uint8Array): number | undefined {
  if (payload.length !== SPEECH_BYTES) return undefined;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(NUMBER_AT);
}

/** One frame, and padding up to a size: what decoders do not look at has room for a stamp (RFC 6716 §3.2.5). */
function padded(frame: Uint8Array, bytes: number): Uint8Array {
  const [first = 0, ...rest] = frame;
  const payload = new Uint8Array(bytes);
  const padding = bytes - PADDED_HEADER_BYTES - rest.length;
  payload.set([first | 3, 0x41, padding, ...rest]);
  return payload;
}
