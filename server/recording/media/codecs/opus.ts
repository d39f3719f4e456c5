// Opus from RTP (RFC 7587): each packet is a frame. The packet says how long it lasts (RFC 6716 §3).
import type { Depacketizer, Picture } from './frames.ts';

const MOST_MS = 120;
/** What encoders look ahead at 48 kHz, in samples: browsers do not say theirs, and use libopus. */
export const OPUS_PRE_SKIP = 312;

/** @returns milliseconds; undefined for what is not an Opus packet */
export function opusDurationMs(packet: Buffer): number | undefined {
  const toc = packet[0];
  if (toc === undefined) return undefined;
  const config = toc >> 3;
  const frame = frameMs(config);
  const code = toc & 3;
  const frames = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
  const duration = frame * frames;
  return frames > 0 && duration <= MOST_MS ? duration : undefined;
}

function frameMs(config: number): number {
  // SILK: 10, 20, 40, 60 ms; hybrid: 10, 20 ms; CELT: 2.5, 5, 10, 20 ms.
  if (config < 12) return [10, 20, 40, 60][config & 3] ?? 20;
  if (config < 16) return [10, 20][config & 1] ?? 20;
  return 2.5 * 2 ** (config & 3);
}

/** OpusHead (RFC 7845 §5.1): the CodecPrivate of an Opus track. */
export function opusHead(channels: number, preSkip: number): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(channels, 9);
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(48_000, 12);
  return head;
}

/** Nothing is sent while it is silent (DTX), and nothing is filled in: the next packet's timestamp says how long. */
export class Opus implements Depacketizer {
  readonly packetIsFrame = true;
  #packet: Buffer | undefined;

  add(payload: Buffer): boolean {
    if (this.#packet !== undefined) return false;
    this.#packet = payload;
    return true;
  }

  finish(): Picture | undefined {
    const packet = this.#packet;
    this.reset();
    const durationMs = packet && opusDurationMs(packet);
    return packet && durationMs !== undefined
      ? { key: true, chunks: [packet], durationMs }
      : undefined;
  }

  reset(): void {
    this.#packet = undefined;
  }
}
