// Reads headers bit by bit. Behind the end there are zeros, and `overrun` says so: no header makes it throw.

export class Bits {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** More was read than there is: what was read means nothing. */
  get overrun(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  /** An unsigned number, the highest bit first. At most 32 bits. */
  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) {
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at++;
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** `ue(v)` of H264 (§9.1), `uvlc()` of AV1 (§4.10.3): an Exp-Golomb number, up to 2^32 - 2. */
  golomb(): number {
    let zeros = 0;
    while (zeros < 32 && !this.overrun && !this.flag()) zeros++;
    return 2 ** zeros - 1 + (zeros < 32 ? this.read(zeros) : 0);
  }

  /** `se(v)` of H264. */
  signedGolomb(): number {
    const value = this.golomb();
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2;
  }
}
