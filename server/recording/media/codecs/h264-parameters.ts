// What a Matroska track needs of H264's parameter sets (ITU-T H.264 §7.3.2.1, ISO 14496-15 §5.3.3).
import { Bits } from './bits.ts';
import type { FrameSize } from './frames.ts';

export interface SequenceParameters {
  size: FrameSize;
  chromaFormat: number;
  lumaDepth: number;
  chromaDepth: number;
}

/** Their parameter sets have the format of the picture's samples (§7.3.2.1.1). */
const PROFILES_WITH_FORMAT = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
/** The profiles whose avcC says it too. */
const PROFILES_WITH_AVCC_FORMAT = new Set([100, 110, 122, 144]);
/** A side is at most sqrt(8 * 139,264) macroblocks long: 139,264 is the most that level 6.2 allows. */
const MOST_MACROBLOCKS = 1_055;
const MOST_CYCLE = 255;

/** A NAL unit without the bytes that keep start codes out of it (§7.4.1). */
function unescaped(nal: Buffer): Buffer {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}

function skipScalingList(bits: Bits, size: number): void {
  let next = 8;
  for (let index = 0, last = 8; index < size && next !== 0; index++) {
    next = (last + bits.signedGolomb() + 256) % 256;
    if (next !== 0) last = next;
  }
}

/** @returns undefined for what is not a sequence parameter set */
export function readSequenceParameters(nal: Buffer): SequenceParameters | undefined {
  const bits = new Bits(unescaped(nal));
  bits.skip(8);
  const profile = bits.read(8);
  bits.skip(16);
  bits.golomb();
  let chromaFormat = 1;
  let lumaDepth = 8;
  let chromaDepth = 8;
  let planes = false;
  if (PROFILES_WITH_FORMAT.has(profile)) {
    chromaFormat = bits.golomb();
    if (chromaFormat === 3) planes = bits.flag();
    lumaDepth += bits.golomb();
    chromaDepth += bits.golomb();
    if (chromaFormat > 3 || lumaDepth > 14 || chromaDepth > 14) return undefined;
    bits.skip(1);
    if (bits.flag()) {
      for (let list = 0; list < (chromaFormat === 3 ? 12 : 8); list++) {
        if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
      }
    }
  }
  bits.golomb();
  if (!skipOrderCount(bits)) return undefined;
  bits.golomb();
  bits.skip(1);
  const columns = bits.golomb() + 1;
  const rows = bits.golomb() + 1;
  const fields = bits.flag() ? 1 : 2;
  if (fields === 2) bits.skip(1);
  bits.skip(1);
  if (columns > MOST_MACROBLOCKS || rows > MOST_MACROBLOCKS) return undefined;
  const crop = bits.flag() ? Array.from({ length: 4 }, () => bits.golomb()) : [0, 0, 0, 0];
  if (bits.overrun) return undefined;
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const chroma = planes ? 0 : chromaFormat;
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * fields;
  const width = columns * 16 - unitX * (left + right);
  const height = rows * 16 * fields - unitY * (top + bottom);
  if (width <= 0 || height <= 0) return undefined;
  return { size: { width, height }, chromaFormat, lumaDepth, chromaDepth };
}

/** `pic_order_cnt_type` and what belongs to it. */
function skipOrderCount(bits: Bits): boolean {
  const type = bits.golomb();
  if (type === 0) bits.golomb();
  if (type === 1) {
    bits.skip(1);
    bits.golomb();
    bits.golomb();
    const cycle = bits.golomb();
    if (cycle > MOST_CYCLE) return false;
    for (let index = 0; index < cycle; index++) bits.golomb();
  }
  return type <= 2;
}

/** The id of a picture parameter set, or of a sequence parameter set: what a later one of the same id replaces. */
export function parameterSetId(nal: Buffer, sequence: boolean): number {
  const bits = new Bits(unescaped(nal.subarray(0, 32)));
  bits.skip(sequence ? 32 : 8);
  return bits.golomb();
}

/** AVCDecoderConfigurationRecord (ISO 14496-15 §5.3.3.1), with lengths of four bytes. */
export function avcConfiguration(
  sets: readonly Buffer[],
  pictureSets: readonly Buffer[],
  parameters: SequenceParameters,
): Buffer {
  const [first = Buffer.alloc(4)] = sets;
  const profile = first[1] ?? 0;
  const parts: Buffer[] = [
    Buffer.from([1, profile, first[2] ?? 0, first[3] ?? 0, 0xff, 0xe0 | sets.length]),
  ];
  for (const set of sets) parts.push(lengthOf(set), set);
  parts.push(Buffer.from([pictureSets.length]));
  for (const set of pictureSets) parts.push(lengthOf(set), set);
  if (PROFILES_WITH_AVCC_FORMAT.has(profile)) {
    const { chromaFormat, lumaDepth, chromaDepth } = parameters;
    parts.push(
      Buffer.from([0xfc | chromaFormat, 0xf8 | (lumaDepth - 8), 0xf8 | (chromaDepth - 8), 0]),
    );
  }
  return Buffer.concat(parts);
}

function lengthOf(set: Buffer): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(set.length);
  return bytes;
}
