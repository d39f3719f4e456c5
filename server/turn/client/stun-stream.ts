// Finds the messages in a TCP stream, without keeping more of it than one message.

import { HEADER_BYTES, MAGIC_COOKIE } from './stun-message.ts';

/** How long the frame is that begins with these bytes. */
interface Framing {
  /** Bytes that must be there before its length is known. */
  readonly headerBytes: number;
  /** @returns undefined when nothing valid begins like this */
  frameBytes(header: Buffer): number | undefined;
  /** First bytes, not handed on. */
  readonly skippedBytes: number;
}

/**
 * STUN and TURN over TCP and TLS: one message after the other (RFC 8489 §6.2.2). ChannelData could stand
 * between them (RFC 8656 §12.5), but this client binds no channel, and the "HTTP" of a web server looks just
 * like it.
 */
export const TURN_FRAMING: Framing = {
  headerBytes: 8,
  frameBytes(header) {
    const length = header.readUInt16BE(2);
    const isStun = (header[0] ?? 0xff) < 0x40 && header.readUInt32BE(4) === MAGIC_COOKIE;
    return isStun && length % 4 === 0 ? HEADER_BYTES + length : undefined;
  },
  skippedBytes: 0,
};

/** ICE over TCP: each packet follows its length (RFC 4571, RFC 6544). */
export const ICE_TCP_FRAMING: Framing = {
  headerBytes: 2,
  frameBytes: (header) => 2 + header.readUInt16BE(0),
  skippedBytes: 2,
};

/** A packet as {@link ICE_TCP_FRAMING} has it. */
export function iceTcpFrame(packet: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length, 0);
  return Buffer.concat([length, packet]);
}

export type { Framing };

export class StreamReader {
  readonly #framing: Framing;
  /** Joined only when a frame is complete, so that one sent byte by byte costs no more than another. */
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes to wait for. */
  #wanted: number;

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#wanted = framing.headerBytes;
  }

  /** Bytes kept: less than one frame (64 kB and a header). */
  get pendingBytes(): number {
    return this.#size;
  }

  /** @returns the packets that are complete now; undefined when this is no such stream, and never will be */
  push(chunk: Buffer): Buffer[] | undefined {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const packets: Buffer[] = [];
    while (this.#size >= this.#wanted) {
      const bytes = this.#joined();
      const { headerBytes, skippedBytes } = this.#framing;
      const length = this.#framing.frameBytes(bytes.subarray(0, headerBytes));
      if (length === undefined) return undefined;
      if (bytes.length < length) {
        this.#wanted = length;
        break;
      }
      packets.push(bytes.subarray(skippedBytes, length));
      this.#chunks = [bytes.subarray(length)];
      this.#size -= length;
      this.#wanted = headerBytes;
    }
    return packets;
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first) return first;
    const bytes = Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [bytes];
    return bytes;
  }
}
