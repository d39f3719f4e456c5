// The media sessions of one participant: the newest, and those that it is about to replace, which go on until then.
import { type MediaOffer, NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import type { StreamSample } from '../rtp/stream-watch.ts';
import { MediaSession, type MediaSessionOptions } from './media-session.ts';

export type MediaSessionsOptions = Omit<
  MediaSessionOptions,
  'offer' | 'before' | 'onStream' | 'onFailed'
>;

/** An old media session is closed after this long when the newest one does not bring all that it brought. */
const HANDOVER_MS = 4_000;

export class MediaSessions {
  readonly #options: MediaSessionsOptions;
  #newest: MediaSession | undefined;
  readonly #old = new Map<MediaSession, ReturnType<typeof setTimeout>>();
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
    if (before)
      this.#old.set(
        before,
        setTimeout(() => this.#drop(before), HANDOVER_MS),
      );
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
    for (const session of this.#all) {
      clearTimeout(this.#old.get(session));
      this.#end(session);
    }
    this.#old.clear();
    this.#newest = undefined;
  }

  get #all(): MediaSession[] {
    return [...this.#old.keys(), ...(this.#newest ? [this.#newest] : [])];
  }

  #open(offer: MediaOffer, before: MediaSession | undefined): MediaSession {
    const { epoch } = offer;
    return new MediaSession({
      ...this.#options,
      offer,
      before: (trackId) => before?.receiver.watchOf(trackId),
      onStream: () => {
        for (const old of this.#old.keys()) {
          if (this.#newest?.receiver.covers(old.receiver)) this.#drop(old);
        }
      },
      onFailed: () => {
        if (this.#newest?.epoch === epoch) this.#options.request('rebuildMedia', { epoch });
      },
    });
  }

  #drop(old: MediaSession): void {
    clearTimeout(this.#old.get(old));
    if (!this.#old.delete(old)) return;
    this.#end(old);
    if (this.#newest) this.#options.request('settled', { epoch: this.#newest.epoch });
  }

  /** A silence at its end is judged by its successor. */
  #end(session: MediaSession): void {
    session.close();
    this.#streams.push(...session.receiver.samples(true));
  }
}
