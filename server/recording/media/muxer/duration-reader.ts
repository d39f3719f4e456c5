// How long a file of ours is whose recorder could not say so: read from its clusters as its bytes go by. Pure.
import { vintLength } from './ebml.ts';

const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
/** Their content is read on, element by element. */
const ENTERED: ReadonlySet<number> = new Set([0x18538067, CLUSTER]);
/** The longest head of an element: four bytes of an id, eight of a size. */
const HEAD_BYTES = 12;
/** What of an element's content is looked at: a number of eight bytes, or the head of a block. */
const LOOK_BYTES = 8;

interface Head {
  id: number;
  bytes: number;
  size: number;
}

export class DurationReader {
  #rest = Buffer.alloc(0);
  /** Bytes of an element's content that nobody looks at. */
  #skip = 0;
  #clusterMs = 0;
  #lastMs = 0;

  /** Milliseconds from the beginning to the last frame. What was pushed so far counts. */
  get durationMs(): number {
    return this.#lastMs;
  }

  push(chunk: Buffer): void {
    if (this.#skip >= chunk.length) {
      this.#skip -= chunk.length;
      return;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(this.#skip)]);
    this.#skip = 0;
    let at = 0;
    while (at < this.#rest.length) {
      const next = this.#element(at);
      if (next === undefined) break;
      at = next;
    }
    if (at > this.#rest.length) {
      this.#skip = at - this.#rest.length;
      at = this.#rest.length;
    }
    this.#rest = this.#rest.subarray(at);
  }

  /** @returns where the next element begins; undefined when more bytes are needed */
  #element(at: number): number | undefined {
    const head = headOf(this.#rest.subarray(at, at + HEAD_BYTES));
    if (!head) return undefined;
    const from = at + head.bytes;
    if (ENTERED.has(head.id)) return from;
    const end = from + head.size;
    if (head.id !== TIMESTAMP && head.id !== SIMPLE_BLOCK) return end;
    const content = this.#rest.subarray(from, Math.min(end, from + LOOK_BYTES));
    if (content.length < Math.min(head.size, LOOK_BYTES)) return undefined;
    if (head.id === TIMESTAMP) this.#clusterMs = unsigned(content);
    else this.#block(content);
    return end;
  }

  /** The number of the track, then the time since the cluster's, in 16 bits with a sign. */
  #block(content: Buffer): void {
    const track = vintLength(content[0]);
    if (track === undefined || content.length < track + 2) return;
    this.#lastMs = Math.max(this.#lastMs, this.#clusterMs + content.readInt16BE(track));
  }
}

function headOf(bytes: Buffer): Head | undefined {
  const idLength = vintLength(bytes[0]);
  if (idLength === undefined || idLength > 4 || bytes.length <= idLength) return undefined;
  const sizeLength = vintLength(bytes[idLength]);
  if (sizeLength === undefined || bytes.length < idLength + sizeLength) return undefined;
  const id = bytes.readUIntBE(0, idLength);
  let size = (bytes[idLength] ?? 0) & ((1 << (8 - sizeLength)) - 1);
  for (let n = 1; n < sizeLength; n += 1) size = size * 256 + (bytes[idLength + n] ?? 0);
  return { id, bytes: idLength + sizeLength, size };
}

function unsigned(bytes: Buffer): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
