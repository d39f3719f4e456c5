// VP8 frames as RTP payloads (RFC 7741). What an encoder wrote comes first, and filler up to the size of a livelier
// picture, which decoders do not read.
import { STAMP_BYTES } from './stamp.ts';

export interface Vp8Frame {
  /** As the encoder wrote it (RFC 6386 §9.1). */
  coded: Uint8Array;
  /** Counts frames. */
  pictureId: number;
  /** Counts frames of the lowest temporal layer. */
  baseIndex: number;
  temporalLayer: number;
  /** Depends on the lowest temporal layer alone, so that a receiver may begin with this layer here. */
  isSync: boolean;
  /** The size of the whole frame, if it is more than the coded one. */
  bytes: number;
}

export interface Vp8Payload {
  payload: Uint8Array;
  /** Its end is filler: there is room for a stamp. */
  hasRoom: boolean;
}

/** Leaves room for RTP, SRTP and UDP below the MTU of every network. */
export const MOST_PAYLOAD_BYTES = 1_150;
const DESCRIPTOR_BYTES = 6;
const MOST_OF_FRAME = MOST_PAYLOAD_BYTES - DESCRIPTOR_BYTES;
const FILLER = 0xa5;
/** Layers of the frames between two of the lowest layer: what encoders send as L1T3. */
const PATTERN = [
  { temporalLayer: 0, isSync: false },
  { temporalLayer: 2, isSync: true },
  { temporalLayer: 1, isSync: true },
  { temporalLayer: 2, isSync: false },
] as const;

/** @param sinceKey frames since the last key frame, which is 0 */
export function temporalLayerOf(sinceKey: number): { temporalLayer: number; isSync: boolean } {
  return PATTERN[sinceKey % PATTERN.length] ?? PATTERN[0];
}

/** The payloads of one frame. Each of them that {@link Vp8Payload.hasRoom} may be stamped at its end. */
export function vp8Payloads(frame: Vp8Frame): Vp8Payload[] {
  const { coded } = frame;
  const total = Math.max(frame.bytes, coded.length + STAMP_BYTES);
  const packets = Math.ceil(total / MOST_OF_FRAME);
  const share = Math.ceil(total / packets);
  return Array.from({ length: packets }, (_, index) => {
    const payload = new Uint8Array(DESCRIPTOR_BYTES + share).fill(FILLER);
    writeDescriptor(payload, frame, index === 0);
    const part = coded.subarray(index * share, (index + 1) * share);
    payload.set(part, DESCRIPTOR_BYTES);
    return { payload, hasRoom: part.length + STAMP_BYTES <= share };
  });
}

function writeDescriptor(payload: Uint8Array, frame: Vp8Frame, begins: boolean): void {
  const { pictureId, baseIndex, temporalLayer, isSync } = frame;
  const isReferred = temporalLayer < 2;
  // Extended, not referred to, begins a partition.
  payload[0] = 0x80 | (isReferred ? 0 : 0x20) | (begins ? 0x10 : 0);
  // A picture id, the index of the base layer, a temporal layer and a key index follow.
  payload[1] = 0xf0;
  payload[2] = 0x80 | ((pictureId >> 8) & 0x7f);
  payload[3] = pictureId & 0xff;
  payload[4] = baseIndex & 0xff;
  payload[5] = (temporalLayer << 6) | (isSync ? 0x20 : 0);
}

export interface Vp8Header {
  begins: boolean;
  isKey: boolean;
  pictureId: number;
  baseIndex: number;
  temporalLayer: number;
}

/** Reads what {@link vp8Payloads} writes. @returns undefined for another form */
export function readVp8(payload: Uint8Array): Vp8Header | undefined {
  const [first = 0, second = 0, high = 0, low = 0, baseIndex = 0, layers = 0, tag = 1] = payload;
  if (payload.length <= DESCRIPTOR_BYTES || !(first & 0x80) || second !== 0xf0) return undefined;
  const begins = (first & 0x10) !== 0;
  return {
    begins,
    isKey: begins && (tag & 1) === 0,
    pictureId: ((high & 0x7f) << 8) | low,
    baseIndex,
    temporalLayer: layers >> 6,
  };
}
