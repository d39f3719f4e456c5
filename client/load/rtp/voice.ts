// A generated voice: packets of speech, and of silence as a codec with discontinuous transmission sends it.
import type { AudioLevel } from './packet.ts';
import { STAMP_BYTES } from './stamp.ts';

/** A frame of speech, and the time between two packets of silence. */
export const VOICE_FRAME_MS = 20;
const SILENCE_EVERY = 20;
/** 32 kbit/s, as browsers send speech. */
const SPEECH_BYTES = 80;
/** A frame of Opus that says only how long it is. */
const SILENCE_BYTES = 1 + STAMP_BYTES;
/** RFC 6716 §3.1: wideband speech of 20 ms, one frame, mono. */
const FIRST_BYTE = 0x48;
const FILLER = 0x5a;
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
  const payload = new Uint8Array(speaks ? SPEECH_BYTES : SILENCE_BYTES).fill(FILLER);
  payload[0] = FIRST_BYTE;
  const level = { belowFullScale: speaks ? SPEECH_LEVEL : NO_LEVEL, voice: speaks };
  return { payload, level, marker: speaks && !spokeBefore };
}

/** Whether its sender pauses after a packet of this size. */
export function isSilence(payloadBytes: number): boolean {
  return payloadBytes <= SILENCE_BYTES;
}
