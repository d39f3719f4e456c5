// VP9 from RTP (RFC 9628), with spatial layers: the layers of a picture become one superframe.
import { Bits } from './bits.ts';
import { beginning, type Depacketizer, type FrameSize, type Picture } from './frames.ts';

interface Descriptor {
  bytes: number;
  /** A frame of a layer begins. */
  begins: boolean;
  layer: number;
  /** The size of each spatial layer, where this packet says it. */
  sizes?: FrameSize[];
}

/** Up to the size in the uncompressed header of a key frame, of any profile. */
const KEY_FRAME_HEADER = 12;
const MOST_LAYERS = 8;
const MOST_REFERENCES = 3;

/** @returns undefined if it is cut off, or not as RFC 9628 §4.2 has it */
function readDescriptor(payload: Buffer): Descriptor | undefined {
  const flags = payload[0] ?? 0;
  const begins = (flags & 0x08) !== 0;
  const flexible = (flags & 0x10) !== 0;
  let bytes = 1;
  if ((flags & 0x80) !== 0) bytes += ((payload[bytes] ?? 0) & 0x80) !== 0 ? 2 : 1;
  let layer = 0;
  if ((flags & 0x20) !== 0) {
    layer = ((payload[bytes] ?? 0) >> 1) & 7;
    bytes += flexible ? 1 : 2;
  }
  if (flexible && (flags & 0x40) !== 0) {
    for (let count = 1; ; count++) {
      const more = ((payload[bytes] ?? 0) & 1) !== 0;
      bytes++;
      if (!more) break;
      if (count === MOST_REFERENCES) return undefined;
    }
  }
  if ((flags & 0x02) === 0) return { bytes, begins, layer };
  return { begins, layer, ...readStructure(payload, bytes) };
}

/** The scalability structure (§4.2.1). */
function readStructure(payload: Buffer, start: number): { bytes: number; sizes?: FrameSize[] } {
  let bytes = start;
  const first = payload[bytes++] ?? 0;
  const sizes: FrameSize[] = [];
  if ((first & 0x10) !== 0) {
    for (let layer = 0; layer <= first >> 5 && bytes + 4 <= payload.length; layer++) {
      sizes.push({ width: payload.readUInt16BE(bytes), height: payload.readUInt16BE(bytes + 2) });
      bytes += 4;
    }
  }
  if ((first & 0x08) !== 0) {
    const pictures = payload[bytes++] ?? 0;
    for (let picture = 0; picture < pictures && bytes < payload.length; picture++) {
      bytes += 1 + (((payload[bytes] ?? 0) >> 2) & 3);
    }
  }
  return sizes.length > 0 ? { bytes, sizes } : { bytes };
}

/**
 * The uncompressed header (VP9 bitstream §6.2), as far as the size of a key frame.
 *
 * @returns undefined for what is not VP9
 */
function readHeader(frame: Buffer): { size?: FrameSize } | undefined {
  const bits = new Bits(frame);
  if (bits.read(2) !== 2) return undefined;
  const profile = bits.read(1) + 2 * bits.read(1);
  if (profile === 3) bits.skip(1);
  const showExisting = bits.flag();
  if (showExisting) return {};
  const inter = bits.flag();
  if (inter) return {};
  bits.skip(2);
  if (bits.read(24) !== 0x498342) return undefined;
  if (profile >= 2) bits.skip(1);
  const rgb = bits.read(3) === 7;
  if (!rgb) bits.skip(1);
  if (profile % 2 === 1) bits.skip(rgb ? 1 : 3);
  const size = { width: bits.read(16) + 1, height: bits.read(16) + 1 };
  return bits.overrun ? undefined : { size };
}

/** Says where the frames of a superframe begin (VP9 bitstream, annex B): without it only the first is decoded. */
function superframeIndex(sizes: readonly number[]): Buffer {
  const bytes = 4;
  const index = Buffer.alloc(
    2 + bytes * sizes.length,
    0xc0 | ((bytes - 1) << 3) | (sizes.length - 1),
  );
  sizes.forEach((size, at) => {
    index.writeUInt32LE(size, 1 + at * bytes);
  });
  return index;
}

export class Vp9 implements Depacketizer {
  readonly packetIsFrame = false;
  #chunks: Buffer[] = [];
  /** Bytes of each layer's frame. */
  #frames: number[] = [];
  #highest = 0;
  #sizes: FrameSize[] | undefined;

  add(payload: Buffer): boolean {
    const descriptor = readDescriptor(payload);
    if (!descriptor || descriptor.bytes >= payload.length) return false;
    const { bytes, begins, layer, sizes } = descriptor;
    if (begins) this.#frames.push(0);
    const frame = this.#frames.length - 1;
    if (frame < 0 || frame >= MOST_LAYERS || layer < this.#highest) return false;
    this.#highest = layer;
    if (sizes) this.#sizes = sizes;
    this.#frames[frame] = (this.#frames[frame] ?? 0) + payload.length - bytes;
    this.#chunks.push(payload.subarray(bytes));
    return true;
  }

  finish(): Picture | undefined {
    const chunks = this.#chunks;
    const frames = this.#frames;
    const highest = this.#highest;
    const sizes = this.#sizes;
    this.reset();
    const header = readHeader(beginning(chunks, KEY_FRAME_HEADER));
    if (!header) return undefined;
    if (frames.length > 1) chunks.push(superframeIndex(frames));
    if (!header.size) return { key: false, chunks };
    const size = (frames.length > 1 ? sizes?.[highest] : undefined) ?? header.size;
    return { key: true, chunks, size };
  }

  reset(): void {
    this.#chunks = [];
    this.#frames = [];
    this.#highest = 0;
    this.#sizes = undefined;
  }
}
