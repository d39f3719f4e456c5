// AV1 from RTP (RTP Payload Format For AV1 1.0), as Matroska holds it: OBUs with sizes, no temporal delimiters.
import { readAv1Sequence } from './av1-sequence.ts';
import { beginning, type Depacketizer, type FrameSize, type Picture } from './frames.ts';

const SEQUENCE_HEADER = 1;
const TEMPORAL_DELIMITER = 2;
const FRAME_HEADER = 3;
const TILE_GROUP = 4;
const FRAME = 6;
const TILE_LIST = 8;
const PADDING = 15;
/** Real ones have some ten bytes. */
const SEQUENCE_BYTES = 1_024;
const MOST_LEB128_BYTES = 8;

interface Sequence {
  /** The whole OBU, to compare with. */
  obu: Buffer;
  size: FrameSize;
  config: Buffer;
  reducedStillPicture: boolean;
}

/** @returns undefined if it does not end, or is larger than 32 bits (AV1 bitstream §4.10.5) */
export function readLeb128(
  buffer: Buffer,
  start: number,
): { value: number; next: number } | undefined {
  let value = 0;
  for (let index = 0; index < MOST_LEB128_BYTES; index++) {
    const byte = buffer[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) {
      return value < 2 ** 32 ? { value, next: start + index + 1 } : undefined;
    }
  }
  return undefined;
}

export function leb128(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}

export class Av1 implements Depacketizer {
  readonly packetIsFrame = false;
  #chunks: Buffer[] = [];
  /** The pieces of an OBU that goes on in the next packet. */
  #obu: Buffer[] = [];
  #goesOn = false;
  #packets = 0;
  #picture = false;
  #key = false;
  /** In this temporal unit. */
  #hasSequence = false;
  #sequence: Sequence | undefined;

  add(payload: Buffer): boolean {
    const header = payload[0] ?? 0;
    const continues = (header & 0x80) !== 0;
    if (continues !== this.#goesOn || (continues && this.#packets === 0)) return false;
    this.#packets++;
    const count = (header >> 4) & 3;
    let at = 1;
    for (let element = 1; at < payload.length; element++) {
      if (count > 0 && element > count) return false;
      let end = payload.length;
      if (count === 0 || element < count) {
        const length = readLeb128(payload, at);
        if (!length || length.next + length.value > payload.length) return false;
        at = length.next;
        end = at + length.value;
      }
      if (end > at) this.#obu.push(payload.subarray(at, end));
      at = end;
      this.#goesOn = at === payload.length && (header & 0x40) !== 0;
      if (!this.#goesOn && !this.#endObu()) return false;
    }
    return true;
  }

  finish(): Picture | 'nothing' | undefined {
    const chunks = this.#chunks;
    const picture = this.#picture;
    const key = this.#key && this.#hasSequence;
    const whole = !this.#goesOn;
    this.reset();
    if (!whole) return undefined;
    if (!picture) return 'nothing';
    if (!key || !this.#sequence) return { key: false, chunks };
    return { key, chunks, size: this.#sequence.size, config: this.#sequence.config };
  }

  reset(): void {
    this.#chunks = [];
    this.#obu = [];
    this.#goesOn = false;
    this.#packets = 0;
    this.#picture = false;
    this.#key = false;
    this.#hasSequence = false;
  }

  /** An OBU is whole. It gets a size, which RTP leaves out. */
  #endObu(): boolean {
    const pieces = this.#obu;
    this.#obu = [];
    const head = beginning(pieces, 2 + MOST_LEB128_BYTES);
    const first = head[0];
    if (first === undefined) return true;
    if ((first & 0x80) !== 0) return false;
    const type = (first >> 3) & 0x0f;
    let bytes = (first & 0x04) !== 0 ? 2 : 1;
    const kept = Buffer.from(head.subarray(0, bytes));
    if ((first & 0x02) !== 0) {
      const size = readLeb128(head, bytes);
      if (!size) return false;
      bytes = size.next;
    }
    if (type === TEMPORAL_DELIMITER || type === TILE_LIST || type === PADDING) return true;
    kept.writeUInt8(first | 0x02, 0);
    const payload = without(pieces, bytes);
    const length = payload.reduce((sum, piece) => sum + piece.length, 0);
    if (type === SEQUENCE_HEADER && !this.#keepSequence(kept, payload, length)) return false;
    if (type === FRAME || type === FRAME_HEADER) this.#noteFrame(payload);
    if (type === TILE_GROUP) this.#picture = true;
    this.#chunks.push(kept, leb128(length), ...payload);
    return true;
  }

  /** `show_existing_frame`, `frame_type` (AV1 bitstream §5.9.2): the first frame of a unit says whether it is a key. */
  #noteFrame(payload: Buffer[]): void {
    const first = payload[0]?.[0] ?? 0xff;
    if (!this.#picture) {
      this.#key = this.#sequence?.reducedStillPicture === true || first >> 5 === 0;
    }
    this.#picture = true;
  }

  #keepSequence(header: Buffer, payload: Buffer[], length: number): boolean {
    if (length > SEQUENCE_BYTES) return false;
    const obu = Buffer.concat([header, leb128(length), ...payload]);
    this.#hasSequence = true;
    if (this.#sequence?.obu.equals(obu)) return true;
    const read = readAv1Sequence(Buffer.concat(payload));
    if (!read) return false;
    const { size, reducedStillPicture, configuration } = read;
    const config = Buffer.concat([configuration, obu]);
    this.#sequence = { obu, size, reducedStillPicture, config };
    return true;
  }
}

/** The pieces behind the first bytes. */
function without(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let rest = bytes;
  return pieces.flatMap((piece) => {
    const cut = Math.min(rest, piece.length);
    rest -= cut;
    return cut < piece.length ? [piece.subarray(cut)] : [];
  });
}
