// Puts packets into the order of their sequence numbers, and waits for missing ones for a bounded time and number.
import type { RtpPacket } from './packet.ts';

export interface Ordered {
  packet: RtpPacket;
  /** UTC milliseconds, as given to `push`. */
  arrivedAt: number;
  /** Packets before this one that did not come. */
  lost: number;
  /** The sender began another sequence: what came before has nothing to do with it. */
  restarted: boolean;
}

export interface ReorderLimits {
  /** Milliseconds. */
  reorderMs: number;
  reorderPackets: number;
}

interface Waiting {
  packet: RtpPacket;
  arrivedAt: number;
}

/** Further ahead is another sequence, as in RFC 3550 A.1 (MAX_DROPOUT); 10 s of a large picture are less. */
const MOST_AHEAD = 3_000;
/** Further behind is another sequence. Packets of the last seconds may come late or twice. */
const MOST_BEHIND = 1_000;

export class Reorder {
  readonly #limits: ReorderLimits;
  /** Packets ahead of the next one, by sequence number. All are less than MOST_AHEAD ahead. */
  readonly #waiting = new Map<number, Waiting>();
  #next: number | undefined;
  /** A packet of what may be another sequence: the one after it proves it. */
  #stray: Waiting | undefined;

  constructor(limits: ReorderLimits) {
    this.#limits = limits;
  }

  /** @returns the packets that are in order now */
  push(packet: RtpPacket, nowMs: number): Ordered[] {
    const arrived = { packet, arrivedAt: nowMs };
    if (this.#next === undefined) this.#next = packet.sequence;
    const ahead = ((packet.sequence - this.#next) << 16) >> 16;
    if (ahead >= MOST_AHEAD || ahead < -MOST_BEHIND) return this.#elsewhere(arrived);
    this.#stray = undefined;
    if (ahead < 0 || this.#waiting.has(packet.sequence)) return [];
    if (ahead === 0 && this.#waiting.size === 0) {
      this.#next = (packet.sequence + 1) & 0xffff;
      return [{ packet, arrivedAt: nowMs, lost: 0, restarted: false }];
    }
    this.#waiting.set(packet.sequence, arrived);
    const ordered: Ordered[] = [];
    this.#follow(ordered, 0);
    while (this.#waiting.size > this.#limits.reorderPackets) this.#skip(ordered);
    return ordered;
  }

  /** @returns the packets that have waited for as long as they may, and those after them */
  expire(nowMs: number): Ordered[] {
    const ordered: Ordered[] = [];
    while (this.#oldest() <= nowMs - this.#limits.reorderMs) this.#skip(ordered);
    return ordered;
  }

  /** @returns all that waits: nothing else will come */
  flush(): Ordered[] {
    const ordered: Ordered[] = [];
    while (this.#waiting.size > 0) this.#skip(ordered);
    return ordered;
  }

  #oldest(): number {
    // A Map keeps the order of insertion, which is that of arrival.
    for (const { arrivedAt } of this.#waiting.values()) return arrivedAt;
    return Infinity;
  }

  /** Gives up what is missing before the first packet that waits. There has to be one. */
  #skip(ordered: Ordered[]): void {
    const next = this.#next ?? 0;
    // Each sequence number is walked once, so many gaps cost no more than many packets.
    let lost = 0;
    while (!this.#waiting.has((next + lost) & 0xffff)) lost++;
    this.#next = (next + lost) & 0xffff;
    this.#follow(ordered, lost);
  }

  #follow(ordered: Ordered[], lost: number): void {
    let before = lost;
    let next = this.#next ?? 0;
    for (;;) {
      const waiting = this.#waiting.get(next);
      if (waiting === undefined) break;
      this.#waiting.delete(next);
      ordered.push({ ...waiting, lost: before, restarted: false });
      before = 0;
      next = (next + 1) & 0xffff;
    }
    this.#next = next;
  }

  /** One packet from elsewhere is an accident, the next one after it is the sender's new sequence. */
  #elsewhere(arrived: Waiting): Ordered[] {
    const stray = this.#stray;
    this.#stray = arrived;
    if (stray === undefined) return [];
    const step = ((arrived.packet.sequence - stray.packet.sequence) << 16) >> 16;
    if (step === 0 || Math.abs(step) > this.#limits.reorderPackets) return [];
    const ordered = this.flush();
    this.#stray = undefined;
    const pair = step > 0 ? [stray, arrived] : [arrived, stray];
    this.#next = pair[0]?.packet.sequence;
    pair.forEach((each, index) => {
      const [first] = this.push(each.packet, each.arrivedAt);
      if (first) ordered.push({ ...first, restarted: index === 0 });
    });
    return ordered;
  }
}
