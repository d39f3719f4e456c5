// Large frames, made small for clients that inflate them.
import { deflateSync } from 'node:zlib';

/** Higher levels make a call's JSON smaller by a twentieth, and take twice the time. */
const LEVEL = 3;

export class Compression {
  readonly #fromBytes: number;
  /** The frame that was compressed last. One that goes to many clients goes to one after the other. */
  #text: string | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  /** @param fromBytes smaller frames are sent as they are */
  constructor(fromBytes: number) {
    this.#fromBytes = fromBytes;
  }

  /** @returns the text of a small frame, and of a large one its bytes in the zlib format (RFC 1950) */
  of(frame: string): string | Buffer {
    if (frame.length < this.#fromBytes) return frame;
    if (frame !== this.#text) {
      this.#bytes = deflateSync(frame, { level: LEVEL });
      this.#text = frame;
    }
    return this.#bytes;
  }
}
