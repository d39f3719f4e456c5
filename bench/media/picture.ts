// The one picture that is published: VP8 packets of one size at an even rate, a key frame when one is requested.
import { randomInt } from 'node:crypto';
import { CLOCK_RATES, PAYLOAD_TYPES } from '../../client/load/media/descriptions.ts';
import { OutgoingStream } from '../../client/load/rtp/outgoing-stream.ts';
import { vp8Payloads } from '../../client/load/rtp/vp8.ts';

export interface PictureOptions {
  /** Tells packets of this run from those of others. */
  run: number;
  /** The size of a packet's payload. */
  bytes: number;
}

const PACKETS_PER_FRAME = 8;
const DESCRIPTOR_BYTES = 6;
/** In the first byte of VP8's payload descriptor (RFC 7741 §4.2): the packet begins a partition. */
const BEGINS = 0x10;
/** The beginning of a frame is all that a server reads: the tag, and in a key frame its code and size (RFC 6386 §9.1). */
const KEY_FRAME = Uint8Array.of(0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02);
const DELTA_FRAME = Uint8Array.of(0x11, 0, 0);

export class Picture {
  readonly cname = 'publisher';
  readonly #bytes: number;
  readonly #stream: OutgoingStream;
  #packets = 0;
  #frames = 0;
  #isKey = true;
  #wantsKey = true;

  constructor({ run, bytes }: PictureOptions) {
    this.#bytes = bytes;
    this.#stream = new OutgoingStream({
      ssrc: randomInt(1, 0xffffffff),
      payloadType: PAYLOAD_TYPES.video,
      clockRate: CLOCK_RATES.video,
      run,
      firstSequence: randomInt(0x7fff),
      firstTimestamp: randomInt(0xffffffff),
    });
  }

  get ssrc(): number {
    return this.#stream.ssrc;
  }

  /** The next frame is a key frame. */
  requestKeyFrame(): void {
    this.#wantsKey = true;
  }

  /** @param elapsedMs since the picture began @param nowMs on the clock of this process */
  next(elapsedMs: number, nowMs: number): Buffer {
    const index = this.#packets % PACKETS_PER_FRAME;
    if (index === 0) {
      this.#isKey = this.#wantsKey;
      this.#wantsKey = false;
      this.#frames++;
    }
    this.#packets++;
    const [first] = vp8Payloads({
      coded: this.#isKey ? KEY_FRAME : DELTA_FRAME,
      pictureId: this.#frames & 0x7fff,
      baseIndex: this.#frames & 0xff,
      temporalLayer: 0,
      isSync: false,
      bytes: this.#bytes - DESCRIPTOR_BYTES,
    });
    const payload = first?.payload ?? new Uint8Array(this.#bytes);
    if (index > 0) payload[0] = (payload[0] ?? 0) & ~BEGINS;
    const ends = index === PACKETS_PER_FRAME - 1;
    return this.#stream.packet(payload, { elapsedMs, nowMs }, { marker: ends });
  }

  report(elapsedMs: number, utcMs: number): Buffer {
    return this.#stream.report(this.cname, elapsedMs, utcMs);
  }
}
