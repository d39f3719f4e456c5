// VP8 from RTP (RFC 7741).
import { beginning, type Depacketizer, type Picture } from './frames.ts';

/** Frame tag, start code and size of a key frame (RFC 6386 §9.1). */
const KEY_FRAME_HEADER = 10;
const START_CODE = 0x9d012a;

/** @returns length of the payload descriptor (RFC 7741 §4.2), and whether a frame begins */
function readDescriptor(payload: Buffer): { bytes: number; begins: boolean } {
  const first = payload[0] ?? 0;
  const begins = (first & 0x10) !== 0 && (first & 0x07) === 0;
  if ((first & 0x80) === 0) return { bytes: 1, begins };
  const extension = payload[1] ?? 0;
  let bytes = 2;
  if ((extension & 0x80) !== 0) bytes += ((payload[2] ?? 0) & 0x80) !== 0 ? 2 : 1;
  if ((extension & 0x40) !== 0) bytes += 1;
  if ((extension & 0x30) !== 0) bytes += 1;
  return { bytes, begins };
}

export class Vp8 implements Depacketizer {
  readonly packetIsFrame = false;
  #chunks: Buffer[] = [];

  add(payload: Buffer): boolean {
    const { bytes, begins } = readDescriptor(payload);
    if (bytes >= payload.length || begins !== (this.#chunks.length === 0)) return false;
    this.#chunks.push(payload.subarray(bytes));
    return true;
  }

  finish(): Picture | undefined {
    const chunks = this.#chunks;
    this.reset();
    const first = chunks[0]?.[0];
    if (first === undefined) return undefined;
    if ((first & 1) !== 0) return { key: false, chunks };
    const header = beginning(chunks, KEY_FRAME_HEADER);
    if (header.length < KEY_FRAME_HEADER || header.readUIntBE(3, 3) !== START_CODE) {
      return undefined;
    }
    // The two highest bits are how to scale it, which no player does.
    const width = header.readUInt16LE(6) & 0x3fff;
    const height = header.readUInt16LE(8) & 0x3fff;
    if (width === 0 || height === 0) return undefined;
    return { key: true, chunks, size: { width, height } };
  }

  reset(): void {
    this.#chunks = [];
  }
}
