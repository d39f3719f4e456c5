// The consumers of one media session. For a while a track may have two.
import type { types } from 'mediasoup-client';
import type { Consumer as ConsumerDescription } from '../../../shared/protocol/consumers.ts';
import { STREAM_AHEAD } from '../session/ids.ts';
import { firstPicture } from './first-picture.ts';
import type { MediaRequest } from './media-request.ts';

/** A track that a consumer brings. */
export interface Received {
  readonly trackId: string;
  readonly track: MediaStreamTrack;
  isLive: boolean;
}

export interface ReceiverOptions {
  epoch: number;
  transport: types.Transport;
  requestMedia: MediaRequest;
  /** Negotiated before the join. What the offer does not name ends after the first picture. */
  ahead?: types.Consumer | undefined;
  /** Groups tracks that must be played in step (lip sync), by track id. */
  streamIdOf(trackId: string): string;
  /** The participant who sends this track, if packets can be expected of it. */
  senderOf(trackId: string): string | undefined;
  /** The received tracks changed. */
  onTracks(): void;
  /** The browser could not negotiate these: while they are described, it negotiates no others. */
  onUnusable(trackIds: readonly string[], cause: unknown): void;
}

interface Consuming {
  readonly trackId: string;
  /** Undefined while it is negotiated. */
  consumer: types.Consumer | undefined;
  received: Received | undefined;
}

/** A page removes a track's picture a moment after the event. Browsers show an ended track as black. */
export const LINGER_MS = 500;
/** Long enough for a key frame on a good network, too short for others to notice that somebody comes later. */
const FIRST_PICTURE_MS = 100;

export class Receiver {
  readonly #options: ReceiverOptions;
  /** By consumer id, oldest first. */
  readonly #consuming = new Map<string, Consuming>();
  /** Consumers that we replaced by newer ones. The server may still name them. */
  readonly #retired = new Set<string>();
  /** Streams that were negotiated before it was known whose they are, by the name that they would have. */
  readonly #streams = new Map<string, string>();
  /** Until the first offer is taken. */
  #ahead: types.Consumer | undefined;
  #firstPicture: Promise<void> | undefined;
  readonly #lingering = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#ahead = options.ahead;
  }

  /** Whether what is received has a path. */
  get isConnected(): boolean {
    return this.#options.transport.connectionState === 'connected';
  }

  /** Oldest first. */
  get received(): Received[] {
    return [...this.#consuming.values()].flatMap(({ received }) => received ?? []);
  }

  /** Resolves when the first picture is there, or after a moment; at once when none can be expected. */
  firstPicture(): Promise<void> {
    this.#firstPicture ??= this.#seesPicture();
    return this.#firstPicture;
  }

  /** Creates these consumers. Those that exist are left alone. */
  async consume(descriptions: readonly ConsumerDescription[]): Promise<void> {
    const { epoch, requestMedia, onTracks, onUnusable } = this.#options;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const wanted = descriptions.filter(({ consumerId }) => !this.#retired.has(consumerId));
    const early = wanted.find(({ consumerId }) => consumerId === ahead?.id);
    if (early) this.#streams.set(this.#options.streamIdOf(early.trackId), STREAM_AHEAD);
    // Begun in one go: mediasoup-client negotiates consumers of the same turn together.
    const consumed = Promise.allSettled(
      wanted.map((each) => this.#consume(each, each === early ? ahead : undefined)),
    );
    if (early) onTracks();
    const results = await consumed;
    if (this.#closed) return;
    // A negotiation of its own, which must not come before the picture.
    if (ahead && !early) void this.firstPicture().then(() => ahead.close());
    onTracks();
    const consumerIds = wanted.flatMap(({ consumerId, waiting }, index) =>
      waiting && results[index]?.status === 'fulfilled' ? [consumerId] : [],
    );
    if (consumerIds.length > 0) {
      const stillThere = () => consumerIds.filter((id) => this.#consuming.has(id));
      requestMedia('ready', consumerIds.join(), () => {
        const ids = stillThere();
        return ids.length > 0 ? { epoch, consumerIds: ids } : undefined;
      });
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      const trackIds = wanted.map(({ trackId }) => trackId);
      const unusable = trackIds.filter((_, index) => results[index]?.status === 'rejected');
      onUnusable(unusable, failed.reason);
    }
  }

  /** The server closed these. */
  closeConsumers(consumerIds: readonly string[]): void {
    for (const consumerId of consumerIds) {
      this.#retired.delete(consumerId);
      this.#release(consumerId);
    }
    this.#options.onTracks();
  }

  /** Takes the server's list: consumers that it does not name are closed. */
  async resync(descriptions: readonly ConsumerDescription[]): Promise<void> {
    const named = new Set(descriptions.map(({ consumerId }) => consumerId));
    const known = [...this.#consuming.keys(), ...this.#retired];
    const gone = known.filter((consumerId) => !named.has(consumerId));
    if (gone.length > 0) this.closeConsumers(gone);
    await this.consume(descriptions);
  }

  /**
   * Applies the choice of consumers on screen.
   *
   * @param pending those that replace others once they are live
   */
  follow(shown: ReadonlyMap<string, Received>, pending: ReadonlySet<Received>): void {
    const own = new Set(this.received);
    for (const [consumerId, { received }] of [...this.#consuming]) {
      if (!received) continue;
      const chosen = shown.get(received.trackId);
      const isShown = chosen === received;
      // Browsers play every voice that they receive. Of two copies one must be silent.
      const { track } = received;
      if (track.kind === 'audio' && track.enabled !== isShown) track.enabled = isShown;
      if (isShown || pending.has(received) || !chosen || !own.has(chosen)) continue;
      this.#retired.add(consumerId);
      this.#release(consumerId);
    }
  }

  stats(): Promise<RTCStatsReport> {
    return this.#options.transport.getStats();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#lingering) clearTimeout(timer);
    this.#options.transport.close();
  }

  #seesPicture(): Promise<void> {
    const receivers = [...this.#consuming.values()].flatMap(({ trackId, consumer }) => {
      const isComing = consumer?.kind === 'video' && this.#options.senderOf(trackId) !== undefined;
      return (isComing && consumer.rtpReceiver) || [];
    });
    return firstPicture(receivers, FIRST_PICTURE_MS);
  }

  /** @param ahead its consumer, where that is there already */
  async #consume(
    { trackId, consumerId, kind, rtpParameters }: ConsumerDescription,
    ahead: types.Consumer | undefined,
  ): Promise<void> {
    if (this.#consuming.has(consumerId)) return;
    const consuming: Consuming = { trackId, consumer: undefined, received: undefined };
    this.#consuming.set(consumerId, consuming);
    const { transport, streamIdOf } = this.#options;
    const streamId = streamIdOf(trackId);
    const consumer =
      ahead ??
      (await transport.consume({
        ...{ id: consumerId, producerId: trackId, kind, rtpParameters },
        streamId: this.#streams.get(streamId) ?? streamId,
      }));
    // It may have been closed during the negotiation.
    if (this.#closed || this.#consuming.get(consumerId) !== consuming) return consumer.close();
    consuming.consumer = consumer;
    consuming.received = { trackId, track: consumer.track, isLive: false };
  }

  #release(consumerId: string): void {
    const consuming = this.#consuming.get(consumerId);
    if (!consuming) return;
    this.#consuming.delete(consumerId);
    const timer = setTimeout(() => {
      this.#lingering.delete(timer);
      consuming.consumer?.close();
    }, LINGER_MS);
    this.#lingering.add(timer);
  }
}
