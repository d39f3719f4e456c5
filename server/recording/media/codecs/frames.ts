// Gathers packets in order into whole frames. What a payload means is the codec's; what is whole is decided here.
import type { Ordered } from '../rtp/reorder.ts';

export interface FrameSize {
  width: number;
  height: number;
}

/** What a codec makes of the payloads of one frame. */
export interface Picture {
  /** Decoding can begin here. */
  key: boolean;
  /** The frame as a file holds it, in pieces. */
  chunks: Buffer[];
  /** Only a key frame has one. */
  size?: FrameSize;
  /** The track's CodecPrivate, at a key frame, where the codec needs one. */
  config?: Buffer;
  /** Only sound has one. */
  durationMs?: number;
}

export interface Frame extends Picture {
  /** The RTP timestamp, 32 bits. */
  timestamp: number;
  /** UTC milliseconds of its first packet. */
  arrivedAt: number;
}

export interface Depacketizer {
  /** Each packet is a frame, whatever its marker says. */
  readonly packetIsFrame: boolean;
  /**
   * Takes the payload of the next packet of a frame. It is not empty.
   *
   * @returns false if it cannot belong to a whole frame here; `reset` follows
   */
  add(payload: Buffer): boolean;
  /**
   * Ends the frame of the payloads since the last call.
   *
   * @returns undefined if it is not whole, `nothing` if they were no picture (parameters alone)
   */
  finish(): Picture | 'nothing' | undefined;
  /** Forgets the payloads since the last frame. */
  reset(): void;
}

/** `broken`: one or more frames are missing between the one before and the one after. */
export type Gathered = Frame | 'broken';

interface Open {
  timestamp: number;
  arrivedAt: number;
  bytes: number;
  broken: boolean;
}

export class FrameGatherer {
  readonly #codec: Depacketizer;
  readonly #frameBytes: number;
  #open: Open | undefined;

  /** @param frameBytes datagrams of a frame may have together; a larger frame is broken */
  constructor(codec: Depacketizer, frameBytes: number) {
    this.#codec = codec;
    this.#frameBytes = frameBytes;
  }

  /** @returns what is whole, or broken, with this packet */
  push({ packet, arrivedAt, lost, restarted }: Ordered): Gathered[] {
    const { timestamp, payload, marker, bytes } = packet;
    const gathered: Gathered[] = [];
    if (lost > 0 || restarted) {
      this.#codec.reset();
      this.#open = undefined;
      gathered.push('broken');
    }
    // Without a marker, the next timestamp says as well that a frame is over.
    if (this.#open && this.#open.timestamp !== timestamp) this.#finish(this.#open, gathered);
    if (payload.length > 0) {
      this.#open ??= { timestamp, arrivedAt, bytes: 0, broken: false };
      this.#open.bytes += bytes;
      this.#add(payload, this.#open);
    }
    if ((marker || this.#codec.packetIsFrame) && this.#open) this.#finish(this.#open, gathered);
    return gathered;
  }

  #add(payload: Buffer, open: Open): void {
    if (open.broken) return;
    if (open.bytes <= this.#frameBytes && this.#codec.add(payload)) return;
    open.broken = true;
    this.#codec.reset();
  }

  #finish({ timestamp, arrivedAt, broken }: Open, gathered: Gathered[]): void {
    this.#open = undefined;
    const picture = broken ? undefined : this.#codec.finish();
    if (picture === undefined) gathered.push('broken');
    else if (picture !== 'nothing') gathered.push({ ...picture, timestamp, arrivedAt });
  }
}

/** The first bytes of chunks as one buffer: headers may be cut into packets anywhere. */
export function beginning(chunks: readonly Buffer[], bytes: number): Buffer {
  const [first = Buffer.alloc(0)] = chunks;
  if (first.length >= bytes || chunks.length === 1) return first.subarray(0, bytes);
  const parts: Buffer[] = [];
  let missing = bytes;
  for (const chunk of chunks) {
    if (missing <= 0) break;
    parts.push(chunk.subarray(0, missing));
    missing -= chunk.length;
  }
  return Buffer.concat(parts);
}
