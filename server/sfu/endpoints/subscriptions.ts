// The tracks that one participant receives: the room's tracks, reconciled against the consumers there are.
import type { Consumer, WebRtcTransport } from 'mediasoup/types';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import { RtpParameters } from '../../../shared/media/rtp.ts';
import type {
  Consumer as ConsumerDescription,
  Preference,
} from '../../../shared/protocol/media-messages.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { MediaRoom } from '../rooms/media-room.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';
import { countWhileOpen } from '../workers/count.ts';

export interface SubscriptionsOptions {
  room: Pick<MediaRoom<never>, 'name' | 'tracks' | 'publish'>;
  router: RoomRouter;
  transport: WebRtcTransport;
  participantId: string;
  epoch: number;
  rtpCapabilities: RtpCapabilities;
  resources: Resources;
  log: Logger;
}

interface Subscription {
  readonly trackId: string;
  readonly producerId: string;
  readonly consumer: Consumer;
  readonly description: Omit<ConsumerDescription, 'waiting'>;
  /** Paused until the client reports that it can decode. A key frame before that would be lost. */
  waiting: boolean;
}

/** Preferences for tracks that have not arrived are kept, up to this many; the oldest go first. */
const MAX_PREFERENCES = 2_000;
/** A join waits this long for tracks of other workers and nodes. Later ones follow as events. */
const FIRST_PIPES_MS = 800;

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** While a sender moves, a track may have two subscriptions. The older one ends with its producer. */
  readonly #byProducer = new Map<string, Subscription>();
  readonly #preferences = new Map<string, Preference>();
  /** Tracks that could not be consumed; they are not tried again. */
  readonly #refused = new WeakSet<RoomTrack>();
  #running: Promise<unknown> = Promise.resolve();
  #first = true;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  list(): ConsumerDescription[] {
    return [...this.#byProducer.values()].map(({ description, waiting }) => ({
      ...description,
      waiting,
    }));
  }

  /**
   * Consumes every track that is not consumed yet. Calls run one after the other, so that none is
   * consumed twice.
   *
   * @returns the new consumers
   */
  reconcile(): Promise<ConsumerDescription[]> {
    const run = this.#running.then(() => this.#reconcile());
    this.#running = run.catch(() => {});
    return run;
  }

  async prefer(preferences: Readonly<Record<string, Preference>>): Promise<void> {
    for (const [trackId, preference] of Object.entries(preferences)) {
      this.#preferences.delete(trackId);
      this.#preferences.set(trackId, preference);
      if (this.#preferences.size > MAX_PREFERENCES) {
        const [oldest] = this.#preferences.keys();
        if (oldest !== undefined) this.#preferences.delete(oldest);
      }
    }
    await Promise.all(
      [...this.#byProducer.values()].map(async (subscription) => {
        if (Object.hasOwn(preferences, subscription.trackId)) await this.#apply(subscription);
      }),
    );
  }

  /** The client can decode these now. */
  async ready(consumerIds: readonly string[]): Promise<void> {
    const ready = new Set(consumerIds);
    await Promise.all(
      [...this.#byProducer.values()].map(async (subscription) => {
        if (!subscription.waiting || !ready.has(subscription.consumer.id)) return;
        subscription.waiting = false;
        await this.#apply(subscription);
      }),
    );
  }

  async #reconcile(): Promise<ConsumerDescription[]> {
    const { room, router, participantId, transport } = this.#options;
    // mediasoup asks for key frames when the transport connects, and nothing flows before. So the first
    // consumers need not wait for the client.
    const waiting = !this.#first;
    if (transport.closed) return [];
    const missing = room.tracks
      .newest()
      .filter(
        (track) =>
          track.participantId !== participantId &&
          !this.#byProducer.has(track.producerId) &&
          !this.#refused.has(track),
      );
    const away = missing.filter((track) => !router.producerOf(track));
    const arriving = Promise.all(away.map((track) => router.prepare(track)));
    if (this.#first && away.length > 0) {
      await this.#options.resources.atMost(FIRST_PIPES_MS, arriving);
    }
    this.#first = false;
    const here = missing.filter((track) => router.producerOf(track));
    const consumed = await Promise.all(here.map((track) => this.#consume(track, waiting)));
    return consumed.flatMap((subscription) =>
      subscription && !subscription.consumer.closed
        ? [{ ...subscription.description, waiting: subscription.waiting }]
        : [],
    );
  }

  async #consume(track: RoomTrack, waiting: boolean): Promise<Subscription | undefined> {
    const { room, router, transport, rtpCapabilities, log } = this.#options;
    const { trackId } = track;
    const producer = router.producerOf(track);
    if (!producer) return undefined;
    if (!router.router.canConsume({ producerId: producer.id, rtpCapabilities })) {
      this.#refused.add(track);
      log.warn({ room: room.name, trackId }, 'a participant has no codec for a track');
      return undefined;
    }
    const preference = this.#preferences.get(trackId);
    const release = router.use(producer);
    try {
      const consumer = await transport.consume({
        producerId: producer.id,
        rtpCapabilities,
        paused: waiting || preference?.paused === true,
        ...(preference?.spatialLayer !== undefined && {
          preferredLayers: layersOf(preference),
        }),
      });
      // A transport that was closed meanwhile does not know this consumer, and would never close it.
      if (transport.closed) consumer.close();
      consumer.observer.once('close', release);
      // The track may have been closed while mediasoup answered. Then there is nothing to announce.
      if (!consumer.closed) return this.#add(track, consumer, waiting);
      release();
      return undefined;
    } catch (error) {
      release();
      // The track or the transport may have closed in the meantime; then nothing is missing.
      if (!producer.closed && !transport.closed) {
        this.#refused.add(track);
        log.error({ err: error, room: room.name, trackId }, 'a track could not be consumed');
      }
      return undefined;
    }
  }

  #add({ trackId, producerId }: RoomTrack, consumer: Consumer, waiting: boolean): Subscription {
    const { room, participantId, epoch, resources } = this.#options;
    const subscription: Subscription = {
      trackId,
      producerId,
      consumer,
      waiting,
      description: {
        trackId,
        consumerId: consumer.id,
        kind: consumer.kind,
        rtpParameters: toWire(RtpParameters, consumer.rtpParameters),
      },
    };
    this.#byProducer.set(producerId, subscription);
    countWhileOpen(resources, 'consumer', consumer);
    consumer.observer.once('close', () => {
      if (this.#byProducer.get(producerId) === subscription) this.#byProducer.delete(producerId);
    });
    consumer.once('producerclose', () =>
      room.publish('consumersClosed', { participantId, epoch, consumerIds: [consumer.id] }),
    );
    consumer.on('layerschange', (layers) => {
      // A track may have two consumers. Only the state of the newer one matters.
      if (this.#newestOf(trackId) !== subscription) return;
      const spatialLayer = layers?.spatialLayer ?? null;
      room.publish('layers', { participantId, epoch, trackId, spatialLayer });
    });
    return subscription;
  }

  /** They are kept in the order in which they were made. */
  #newestOf(trackId: string): Subscription | undefined {
    return [...this.#byProducer.values()].findLast((known) => known.trackId === trackId);
  }

  async #apply({ trackId, consumer, waiting }: Subscription): Promise<void> {
    const preference = this.#preferences.get(trackId) ?? {};
    const pause = waiting || preference.paused === true;
    try {
      if (consumer.closed) return;
      if (consumer.type !== 'simple' && preference.spatialLayer !== undefined) {
        await consumer.setPreferredLayers(layersOf(preference));
      }
      if (consumer.closed || pause === consumer.paused) return;
      await (pause ? consumer.pause() : consumer.resume());
    } catch (error) {
      // The worker may have closed the track before its event arrived here. Nothing is missing then.
      this.#options.log.debug({ err: error, trackId }, 'a consumer could not be changed');
    }
  }
}

function layersOf({ spatialLayer = 0, temporalLayer }: Preference) {
  return { spatialLayer, ...(temporalLayer !== undefined && { temporalLayer }) };
}
