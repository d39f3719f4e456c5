// VP8 frames as RTP payloads (RFC 7741): true descriptors and frame headers, so that a media server finds key frames
// and temporal layers. What follows them is no picture.
import { STAMP_BYTES } from './stamp.ts';

export interface Vp8Frame {
  isKey: boolean;
  /** Counts frames. */
  pictureId: number;
  /** Counts frames of the lowest temporal layer. */
  baseIndex: number;
  temporalLayer: number;
  /** Depends on the lowest temporal layer alone, so that a receiver may begin with this layer here. */
  isSync: boolean;
  /** The size of the whole frame. */
  bytes: number;
  width: number;
  height: number;
}

/** Leaves room for RTP, SRTP and UDP below the MTU of every network. */
export const MOST_PAYLOAD_BYTES = 1_150;
const DESCRIPTOR_BYTES = 6;
/** RFC 6386 §9.1: tag, start code and size of a key frame. */
const KEY_HEADER_BYTES = 10;
const SMALLEST = DESCRIPTOR_BYTES + KEY_HEADER_BYTES + STAMP_BYTES;
const FILLER = 0xa5;
const SHOWN = 0x10;
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

/** The payloads of one frame, each with room for a stamp at its end. */
export function vp8Payloads(frame: Vp8Frame): Uint8Array[] {
  const packets = Math.max(1, Math.ceil(frame.bytes / (MOST_PAYLOAD_BYTES - DESCRIPTOR_BYTES)));
  const size = Math.max(SMALLEST, DESCRIPTOR_BYTES + Math.ceil(frame.bytes / packets));
  return Array.from({ length: packets }, (_, index) => {
    const payload = new Uint8Array(size).fill(FILLER);
    writeDescriptor(payload, frame, index === 0);
    if (index === 0) writeFrameHeader(payload, frame);
    return payload;
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

function writeFrameHeader(payload: Uint8Array, { isKey, width, height, bytes }: Vp8Frame): void {
  const at = DESCRIPTOR_BYTES;
  const partition = Math.min(bytes, 0x7ffff);
  payload[at] = (isKey ? 0 : 1) | SHOWN | ((partition & 0x07) << 5);
  payload[at + 1] = (partition >> 3) & 0xff;
  payload[at + 2] = (partition >> 11) & 0xff;
  if (!isKey) return;
  payload.set([0x9d, 0x01, 0x2a, width & 0xff, width >> 8, height & 0xff, height >> 8], at + 3);
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
