// What a Matroska track needs of AV1's sequence header (AV1 bitstream §5.5, AV1 in ISOBMFF §2.3).
import { Bits } from './bits.ts';
import type { FrameSize } from './frames.ts';

export interface Av1Sequence {
  size: FrameSize;
  reducedStillPicture: boolean;
  /** The first four bytes of `av1C`. */
  configuration: Buffer;
}

const SELECT = 2;
const SRGB = { primaries: 1, transfer: 13, matrix: 0 };
const UNSPECIFIED = 2;

/**
 * @param payload of a sequence header OBU, without OBU header and size
 * @returns undefined for what is not one
 */
export function readAv1Sequence(payload: Buffer): Av1Sequence | undefined {
  const bits = new Bits(payload);
  const profile = bits.read(3);
  bits.skip(1);
  const reducedStillPicture = bits.flag();
  const { level, tier } = reducedStillPicture
    ? { level: bits.read(5), tier: 0 }
    : readOperatingPoints(bits);
  const widthBits = bits.read(4) + 1;
  const heightBits = bits.read(4) + 1;
  const size = { width: bits.read(widthBits) + 1, height: bits.read(heightBits) + 1 };
  if (!reducedStillPicture && bits.flag()) bits.skip(7);
  bits.skip(3);
  if (!reducedStillPicture) skipTools(bits);
  bits.skip(3);
  const colour = readColour(bits, profile);
  if (bits.overrun || profile > 2) return undefined;
  return {
    size,
    reducedStillPicture,
    configuration: Buffer.from([0x81, (profile << 5) | level, (tier << 7) | colour, 0]),
  };
}

/** Timing, decoder model and operating points. @returns level and tier of the first operating point */
function readOperatingPoints(bits: Bits): { level: number; tier: number } {
  let decoderModel = false;
  let delayBits = 0;
  if (bits.flag()) {
    bits.skip(64);
    if (bits.flag()) bits.golomb();
    decoderModel = bits.flag();
    if (decoderModel) {
      delayBits = bits.read(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const initialDelay = bits.flag();
  const points = bits.read(5) + 1;
  let first: { level: number; tier: number } | undefined;
  for (let point = 0; point < points; point++) {
    bits.skip(12);
    const level = bits.read(5);
    const tier = level > 7 ? bits.read(1) : 0;
    first ??= { level, tier };
    if (decoderModel && bits.flag()) bits.skip(2 * delayBits + 1);
    if (initialDelay && bits.flag()) bits.skip(4);
  }
  return first ?? { level: 0, tier: 0 };
}

/** From `enable_interintra_compound` to the order hints. */
function skipTools(bits: Bits): void {
  bits.skip(4);
  const orderHint = bits.flag();
  if (orderHint) bits.skip(2);
  const screen = bits.flag() ? SELECT : bits.read(1);
  if (screen > 0 && !bits.flag()) bits.skip(1);
  if (orderHint) bits.skip(3);
}

/** `color_config`. @returns the third byte of `av1C` without its tier */
function readColour(bits: Bits, profile: number): number {
  const high = bits.read(1);
  const twelve = profile === 2 && high === 1 ? bits.read(1) : 0;
  const mono = profile === 1 ? 0 : bits.read(1);
  const described = bits.flag();
  const primaries = described ? bits.read(8) : UNSPECIFIED;
  const transfer = described ? bits.read(8) : UNSPECIFIED;
  const matrix = described ? bits.read(8) : UNSPECIFIED;
  const depth = (high << 6) | (twelve << 5);
  if (mono === 1) return depth | 0x10 | 0x0c;
  const rgb = primaries === SRGB.primaries && transfer === SRGB.transfer && matrix === SRGB.matrix;
  if (rgb) return depth;
  bits.skip(1);
  let x = profile === 1 ? 0 : 1;
  let y = profile === 0 ? 1 : 0;
  if (profile === 2 && twelve === 1) {
    x = bits.read(1);
    y = x === 1 ? bits.read(1) : 0;
  }
  const position = x === 1 && y === 1 ? bits.read(2) : 0;
  return depth | (x << 3) | (y << 2) | position;
}
