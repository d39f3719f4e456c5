// The newest packets of one stream, to be sent again to a server that lacks them (RFC 4585 §6.2.1). Pure.

/** A second of the largest layer. What a server lacks it asks for within a few round trips, or gives up. */
export const KEPT_PACKETS = 256;

export class SentPackets {
  readonly #packets: ({ sequence: number; bytes: Buffer } | undefined)[] = [];

  /** @param sequence 16 bits */
  add(sequence: number, bytes: Buffer): void {
    this.#packets[sequence % KEPT_PACKETS] = { sequence, bytes };
  }

  /** @returns undefined for one that is not kept any more, or was never sent */
  get(sequence: number): Buffer | undefined {
    const kept = this.#packets[sequence % KEPT_PACKETS];
    return kept?.sequence === sequence ? kept.bytes : undefined;
  }
}
