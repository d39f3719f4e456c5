// One node's registration: heartbeats keep its lease, and it knows by its own clock when it lapsed.
import type { NodeAnnouncement, NodeInfo } from '../cluster.ts';

/** Heartbeats in one lease: some may be late or lost before it ends. */
const BEATS_PER_LEASE = 5;

export interface AnnouncementOptions {
  info: NodeInfo;
  leaseMs: number;
  /** @returns the term of the lease: another one when the store had given the node up before */
  beat(info: string): Promise<string>;
  remove(): Promise<unknown>;
  onRegained(): void;
  onMissedBeat(error: unknown): void;
  onClosed(): void;
}

export class Announcement implements NodeAnnouncement {
  readonly #options: AnnouncementOptions;
  #info: string;
  /**
   * When the last acknowledged heartbeat was sent, by `performance.now()`: the store began the lease
   * later than that, so it ends for us before it ends for other processes.
   */
  #sentAt = Number.NEGATIVE_INFINITY;
  #term: string | undefined;
  /** The lease had run out; that it holds again was not reported yet. */
  #lapsed = false;
  #timer: NodeJS.Timeout | undefined;
  /** The heartbeat under way, and the one that will follow it with what was said meanwhile. */
  #beating: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #closed = false;

  constructor(options: AnnouncementOptions) {
    this.#options = options;
    this.#info = JSON.stringify(options.info);
  }

  get held(): boolean {
    return !this.#closed && performance.now() - this.#sentAt < this.#options.leaseMs;
  }

  /** @throws ParleyError `unavailable` when the registration cannot be made */
  async start(): Promise<void> {
    const sentAt = performance.now();
    this.#term = await this.#options.beat(this.#info);
    this.#sentAt = sentAt;
    this.#schedule();
  }

  async update(info: NodeInfo): Promise<void> {
    this.#info = JSON.stringify(info);
    await this.#beat();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.stop();
    this.#options.onClosed();
    await this.#beating;
    await this.#options.remove().catch(this.#options.onMissedBeat);
  }

  /** No heartbeat follows. */
  stop(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const everyMs = this.#options.leaseMs / BEATS_PER_LEASE;
    this.#timer = setTimeout(() => void this.#beat(), everyMs);
  }

  /** Never rejects. Resolves after a heartbeat that said what is to be said now. */
  #beat(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#beating) {
      this.#following ??= this.#beating.then(() => {
        this.#following = undefined;
        return this.#beat();
      });
      return this.#following;
    }
    this.#beating = this.#beatOnce().finally(() => {
      this.#beating = undefined;
      this.#schedule();
    });
    return this.#beating;
  }

  async #beatOnce(): Promise<void> {
    const { beat, onRegained, onMissedBeat } = this.#options;
    const sentAt = performance.now();
    try {
      const term = await beat(this.#info);
      if (this.#closed) return;
      // By our clock, or by the store's.
      if (!this.held || term !== this.#term) this.#lapsed = true;
      this.#term = term;
      this.#sentAt = sentAt;
    } catch (error) {
      onMissedBeat(error);
      return;
    }
    // An answer that took longer than the lease does not give it back: the next one will.
    if (!this.#lapsed || !this.held) return;
    this.#lapsed = false;
    onRegained();
  }
}
