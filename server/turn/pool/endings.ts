// Sessions that ended lately: a browser that crashed gives no allocation back, so their servers may
// hold some until the allocations' lifetime ends.

/** RFC 8656 §3.2: the default lifetime of an allocation. */
export const ALLOCATION_LIFETIME_MS = 600_000;
/** Precise enough for a bound, and a bounded memory however many come and go. */
const SLOT_MS = 10_000;

export class Endings {
  readonly #slots: { at: number; counts: Map<string, number> }[] = [];

  /** @param now milliseconds of any clock, the same one each time */
  add(serverIds: readonly string[], now: number): void {
    let slot = this.#slots.at(-1);
    if (!slot || now - slot.at >= SLOT_MS) {
      slot = { at: now, counts: new Map() };
      this.#slots.push(slot);
    }
    for (const id of serverIds) slot.counts.set(id, (slot.counts.get(id) ?? 0) + 1);
  }

  /** By server id, within the lifetime of an allocation. */
  counts(now: number): Map<string, number> {
    while (this.#slots[0] && now - this.#slots[0].at >= ALLOCATION_LIFETIME_MS + SLOT_MS) {
      this.#slots.shift();
    }
    const sums = new Map<string, number>();
    for (const { counts } of this.#slots) {
      for (const [id, count] of counts) sums.set(id, (sums.get(id) ?? 0) + count);
    }
    return sums;
  }
}
