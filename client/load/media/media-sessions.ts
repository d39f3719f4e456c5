// The media sessions of one participant: the newest, and those that it is about to replace, which go on until then.
import { type MediaOffer, NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import { OVERLAP_MS } from '../../sdk/handover/handover.ts';
import type { StreamSample } from '../rtp/stream-watch.ts';
import { MediaSession, type MediaSessionOptions } from './media-session.ts';

export type MediaSessionsOptions = Omit<
  MediaSessionOptions,
  'offer' | 'before' | 'onStream' | 'onSending' | 'onFailed'
>;

/** The newest media session need not bring all that an old one brought after this long. */
const HANDOVER_MS = 4_000;

export class MediaSessions {
  readonly #options: MediaSessionsOptions;
  #newest: MediaSession | undefined;
  readonly #old = new Set<MediaSession>();
  /** Old ones that the newest need not cover any more. */
  readonly #late = new Set<MediaSession>();
  readonly #handovers = new Set<ReturnType<typeof setTimeout>>();
  #overlap: ReturnType<typeof setTimeout> | undefined;
  /** Counted on sessions that were closed. */
  readonly #streams: StreamSample[] = [];

  constructor(options: MediaSessionsOptions) {
    this.#options = options;
  }

  get newest(): MediaSession | undefined {
    return this.#newest;
  }

  find(epoch: number): MediaSession | undefined {
    return this.#all.find((one) => one.epoch === epoch);
  }

  /**
   * Uses a media session: the newest that there is, or a newer one beside it until that brings all tracks.
   *
   * @returns undefined for one that was replaced already
   */
  take(offer: MediaOffer): MediaSession | undefined {
    const before = this.#newest;
    if (before && offer.epoch < before.epoch) return undefined;
    if (before?.epoch === offer.epoch) {
      before.demanded(offer.demand);
      return before;
    }
    this.#newest = this.#open(offer, before);
    this.#cancelOverlap();
    if (before) this.#replace(before);
    return this.#newest;
  }

  /** @returns whether it was sent. While a newer media session begins, both carry the track. */
  send(packet: Buffer): boolean {
    return this.#all.map((session) => session.send(packet)).some(Boolean);
  }

  /** The highest layer of our track that is received on any of them. */
  highestLayer(trackId: string): number {
    return Math.max(...this.#all.map((session) => session.highestLayer(trackId)), NO_LAYER);
  }

  /** Our participant begins to speak. */
  claim(trackId: string): void {
    const { epoch } = this.#newest ?? {};
    if (epoch !== undefined) this.#options.request('speaking', { epoch, trackId });
  }

  samples(): StreamSample[] {
    return [...this.#streams, ...this.#all.flatMap(({ receiver }) => receiver.samples())];
  }

  /** Idempotent. */
  close(): void {
    this.#cancelOverlap();
    for (const timer of this.#handovers) clearTimeout(timer);
    for (const session of this.#all) this.#end(session);
    this.#old.clear();
    this.#newest = undefined;
  }

  get #all(): MediaSession[] {
    return [...this.#old, ...(this.#newest ? [this.#newest] : [])];
  }

  #open(offer: MediaOffer, before: MediaSession | undefined): MediaSession {
    const { epoch } = offer;
    return new MediaSession({
      ...this.#options,
      offer,
      before: (trackId) => before?.receiver.watchOf(trackId),
      onStream: () => this.#review(),
      onSending: () => this.#review(),
      onFailed: () => {
        if (this.#newest?.epoch === epoch) void this.#options.request('rebuildMedia', { epoch });
      },
    });
  }

  #replace(session: MediaSession): void {
    this.#old.add(session);
    const timer = setTimeout(() => {
      this.#handovers.delete(timer);
      if (this.#old.has(session)) this.#late.add(session);
      this.#review();
    }, HANDOVER_MS);
    this.#handovers.add(timer);
  }

  /** As in a browser: the old ones end a moment after all is received, and sent, on the newest. */
  #review(): void {
    const newest = this.#newest;
    if (this.#old.size === 0 || this.#overlap !== undefined || !newest?.isSending) return;
    const isCovered = (old: MediaSession) =>
      this.#late.has(old) || newest.receiver.covers(old.receiver);
    if (![...this.#old].every(isCovered)) return;
    // Others have to switch to our tracks there.
    const overlapMs = this.#options.sender ? OVERLAP_MS : 0;
    this.#overlap = setTimeout(() => this.#settle(newest.epoch), overlapMs);
  }

  #cancelOverlap(): void {
    clearTimeout(this.#overlap);
    this.#overlap = undefined;
  }

  #settle(epoch: number): void {
    this.#overlap = undefined;
    for (const old of this.#old) this.#end(old);
    this.#old.clear();
    void this.#options.request('settled', { epoch });
  }

  /** A silence at its end is judged by its successor. */
  #end(session: MediaSession): void {
    this.#late.delete(session);
    session.close();
    this.#streams.push(...session.receiver.samples(true));
  }
}
