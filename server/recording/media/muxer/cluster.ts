// Gathers frames into clusters of known size. A cluster is written whole, so a file is complete after each of them.
import { writeSize } from './ebml.ts';

export interface Block {
  /** Whole milliseconds since the beginning of the file, not before the block before. */
  time: number;
  key: boolean;
  chunks: readonly Buffer[];
}

export interface Cluster {
  bytes: Buffer;
  frames: number;
}

/** Its id, a size of four bytes, and its time in six. */
const CLUSTER_HEADER = 4 + 4 + 8;
/** Id, a size of four bytes, track number, relative time, flags. */
const BLOCK_HEADER = 1 + 4 + 4;
/** What size a buffer begins with, and at least. */
const SMALLEST_BUFFER = 4_096;
/** A block's time is a signed number of 16 bits, relative to its cluster's. */
const LONGEST_MS = 0x7fff;

export class ClusterWriter {
  readonly #clusterMs: number;
  readonly #clusterBytes: number;
  #buffer = Buffer.alloc(0);
  #length = 0;
  #frames = 0;
  #time = 0;
  /** The size of the cluster before: the next one is likely about as large. */
  #before = 0;

  /**
   * @param clusterMs how long a cluster lasts at most
   * @param clusterBytes how large it becomes at most, but for one frame
   */
  constructor(clusterMs: number, clusterBytes: number) {
    this.#clusterMs = Math.min(clusterMs, LONGEST_MS);
    this.#clusterBytes = clusterBytes;
  }

  /** Gathered since the last cluster. */
  get frames(): number {
    return this.#frames;
  }

  /** @returns the cluster before, if this block does not fit into it any more */
  add(block: Block): Cluster | undefined {
    const size = block.chunks.reduce((sum, chunk) => sum + chunk.length, BLOCK_HEADER);
    const full =
      this.#frames > 0 &&
      (block.time - this.#time >= this.#clusterMs || this.#length + size > this.#clusterBytes);
    const before = full ? this.take() : undefined;
    if (this.#frames === 0) this.#begin(block.time);
    this.#reserve(size);
    this.#write(block, size);
    return before;
  }

  /** @returns what is gathered so far, as a whole cluster; undefined if there is nothing */
  take(): Cluster | undefined {
    if (this.#frames === 0) return undefined;
    writeSize(this.#buffer, this.#length - 8, 4);
    const cluster = { bytes: this.#buffer.subarray(0, this.#length), frames: this.#frames };
    this.#before = this.#length;
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    this.#frames = 0;
    return cluster;
  }

  #begin(time: number): void {
    this.#time = time;
    this.#reserve(CLUSTER_HEADER);
    this.#buffer.writeUInt32BE(0x1f43b675, 0);
    this.#buffer.writeUInt16BE(0xe786, 8);
    this.#buffer.writeUIntBE(time, 10, 6);
    this.#length = CLUSTER_HEADER;
  }

  #write({ time, key, chunks }: Block, size: number): void {
    const at = this.#length;
    this.#buffer.writeUInt8(0xa3, at);
    writeSize(this.#buffer, size - 5, at + 1);
    this.#buffer.writeUInt8(0x81, at + 5);
    this.#buffer.writeInt16BE(time - this.#time, at + 6);
    this.#buffer.writeUInt8(key ? 0x80 : 0, at + 8);
    let to = at + BLOCK_HEADER;
    for (const chunk of chunks) to += chunk.copy(this.#buffer, to);
    this.#length = to;
    this.#frames++;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const wanted = this.#buffer.length === 0 ? this.#before * 1.25 : this.#buffer.length * 2;
    const larger = Buffer.allocUnsafeSlow(Math.ceil(Math.max(wanted, needed, SMALLEST_BUFFER)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
