// One generated stream: numbers its packets, stamps them, and reports them.
import { type AudioLevel, writeRtp } from './packet.ts';
import { writeSenderReport } from './rtcp.ts';
import { writeStamp } from './stamp.ts';

export interface StreamDescription {
  ssrc: number;
  payloadType: number;
  /** In Hz. */
  clockRate: number;
  /** Tells packets of this run from those of others. 32 bits. */
  run: number;
  /** Where sequence numbers and timestamps begin. */
  firstSequence: number;
  firstTimestamp: number;
}

export interface Moment {
  /** Since the stream began: what the timestamp counts. */
  elapsedMs: number;
  /** On the clock of this process. */
  nowMs: number;
}

export class OutgoingStream {
  readonly #description: StreamDescription;
  #packets = 0;
  #bytes = 0;

  constructor(description: StreamDescription) {
    this.#description = description;
  }

  get ssrc(): number {
    return this.#description.ssrc;
  }

  get packets(): number {
    return this.#packets;
  }

  /** Payload alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param payload is stamped at its end, if there is room */
  packet(
    payload: Uint8Array,
    at: Moment,
    { marker, hasRoom = true, level }: { marker: boolean; hasRoom?: boolean; level?: AudioLevel },
  ): Buffer {
    const { ssrc, payloadType, run, firstSequence } = this.#description;
    if (hasRoom) writeStamp(payload, run, at.nowMs);
    const sequence = (firstSequence + this.#packets) & 0xffff;
    const timestamp = this.#timestamp(at.elapsedMs);
    this.#packets++;
    this.#bytes += payload.length;
    return writeRtp({ payloadType, marker, sequence, timestamp, ssrc, payload }, level);
  }

  /** @param utcMs of the same moment as `elapsedMs` */
  report(cname: string, elapsedMs: number, utcMs: number): Buffer {
    return writeSenderReport({
      ssrc: this.ssrc,
      sentAtMs: utcMs,
      timestamp: this.#timestamp(elapsedMs),
      packets: this.#packets,
      bytes: this.#bytes,
      cname,
    });
  }

  #timestamp(elapsedMs: number): number {
    const { clockRate, firstTimestamp } = this.#description;
    return (firstTimestamp + Math.round((elapsedMs * clockRate) / 1000)) >>> 0;
  }
}
