// One track that a participant receives: its consumer, and what is wanted of it.
import type { Consumer, Producer, WebRtcTransport } from 'mediasoup/types';
import { type RtpCapabilities, RtpParameters } from '../../../shared/media/rtp.ts';
import type { Consumer as ConsumerDescription } from '../../../shared/protocol/consumers.ts';
import { EVERY_LAYER, type Preference } from '../../../shared/protocol/media-messages.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import { demandOf } from '../../room/demand.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { PreparedPicture } from '../prepared/prepared-picture.ts';
import type { TrackUse } from '../rooms/track-demand.ts';
import { countWhileOpen } from '../workers/count.ts';
import { isBehind } from './first-layers.ts';
import { preferredLayers } from './preferred-layers.ts';

export interface SubscriptionOptions {
  track: { readonly trackId: string };
  /** The track's producer on the participant's router. */
  producer: Producer;
  /** Says on the participant's router what is wanted of the track. It ends with the consumer. */
  use: TrackUse;
  transport: WebRtcTransport;
  rtpCapabilities: RtpCapabilities;
  /** A consumer that the client has negotiated before: used if it is of this producer. */
  picture: PreparedPicture | undefined;
  resources: Resources;
  log: Logger;
}

interface First {
  /** The client has to say that it can decode. A key frame before that would be lost. */
  waiting: boolean;
  paused: boolean;
  preference: Preference | undefined;
}

export class Subscription {
  readonly trackId: string;
  readonly #consumer: Consumer;
  readonly #producer: Producer;
  readonly #use: TrackUse;
  readonly #description: Omit<ConsumerDescription, 'waiting'>;
  readonly #log: Logger;
  #waiting: boolean;
  #wantsPause: boolean;
  #preference: Preference;
  #unwantedSince: number | undefined;
  readonly #received = Promise.withResolvers<void>();

  private constructor(
    { track, producer, use, resources, log }: SubscriptionOptions,
    first: First,
    consumer: Consumer,
  ) {
    this.trackId = track.trackId;
    this.#consumer = consumer;
    this.#producer = producer;
    this.#use = use;
    this.#log = log;
    this.#waiting = first.waiting;
    this.#wantsPause = first.paused;
    this.#preference = first.preference ?? {};
    this.#description = {
      trackId: track.trackId,
      consumerId: consumer.id,
      kind: consumer.kind,
      rtpParameters: toWire(RtpParameters, consumer.rtpParameters),
    };
    countWhileOpen(resources, 'consumer', consumer);
    if (!first.waiting) this.#received.resolve();
    this.onClose(this.#received.resolve);
  }

  static async open(options: SubscriptionOptions, first: First): Promise<Subscription> {
    const { producer, transport, rtpCapabilities, picture } = options;
    const { waiting, paused, preference } = first;
    if (picture?.isOf(producer)) {
      const subscription = new Subscription(options, { ...first, waiting: false }, picture.take());
      await subscription.#apply({ isOtherLayer: preference?.spatialLayer !== undefined });
      return subscription;
    }
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities,
      paused: waiting || paused,
      ...(preference?.spatialLayer !== undefined && {
        preferredLayers: preferredLayers(preference, modeOf(producer)),
      }),
    });
    return new Subscription(options, first, consumer);
  }

  get id(): string {
    return this.#consumer.id;
  }

  get closed(): boolean {
    return this.#consumer.closed;
  }

  get description(): ConsumerDescription {
    return { ...this.#description, waiting: this.#waiting };
  }

  /** Since when it is not wanted, by the clock of `performance`. Undefined: it is wanted. */
  get unwantedSince(): number | undefined {
    return this.#unwantedSince;
  }

  /** Resolves when the client does not have to be waited for any more. */
  get received(): Promise<void> {
    return this.#received.promise;
  }

  /** Called when it closes, for whatever reason. */
  onClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#consumer.observer.once('close', listener);
  }

  listen(listeners: {
    /** The track has ended. */
    onEnded(): void;
    /** Null while the network has no bandwidth for any. */
    onLayer(spatialLayer: number | null): void;
    /** It flows from now on, or its stream begins. */
    onBegin(): void;
  }): void {
    this.#consumer.once('producerclose', listeners.onEnded);
    if (!this.#consumer.paused) listeners.onBegin();
    this.#consumer.observer.on('resume', listeners.onBegin);
    this.#consumer.on('score', () => {
      if (this.isBehind) listeners.onBegin();
    });
    this.#consumer.on('layerschange', (layers) => {
      // Nothing comes of what is paused. That says nothing of the network.
      if (layers || !this.#wantsPause) listeners.onLayer(layers?.spatialLayer ?? null);
    });
  }

  /** The client can decode it now. */
  async ready(): Promise<void> {
    if (!this.#waiting) return;
    this.#waiting = false;
    await this.#apply();
    this.#received.resolve();
  }

  /** What is wanted of it from now on; nothing: it is paused until it is wanted again, or closed. */
  async set(
    want: { paused: boolean } | undefined,
    preference: Preference = {},
    nowMs: number,
  ): Promise<void> {
    if (want) this.#unwantedSince = undefined;
    else this.#unwantedSince ??= nowMs;
    const before = this.#preference;
    this.#wantsPause = want?.paused ?? true;
    this.#preference = preference;
    // First of all: the sender begins with it meanwhile.
    this.#use.want(demandOf(this.#consumer.kind, want, preference));
    const isOtherLayer =
      before.spatialLayer !== preference.spatialLayer ||
      before.temporalLayer !== preference.temporalLayer;
    await this.#apply({ isOtherLayer });
  }

  /** Whether the picture has begun, and has fewer temporal layers than it should have. */
  get isBehind(): boolean {
    return isBehind(this.#consumer);
  }

  /**
   * mediasoup chooses the layers of all consumers on the transport when what one of them prefers changes. Nothing is sent
   * between the two changes.
   */
  async chooseAgain(): Promise<void> {
    const consumer = this.#consumer;
    const wanted =
      this.#preference.spatialLayer === undefined
        ? consumer.preferredLayers
        : preferredLayers(this.#preference, modeOf(consumer));
    if (!wanted || this.#hasEnded) return;
    try {
      await Promise.all([
        consumer.setPreferredLayers({ ...wanted, temporalLayer: 0 }),
        consumer.setPreferredLayers(wanted),
      ]);
    } catch (error) {
      // It may have closed meanwhile.
      this.#log.debug({ err: error, trackId: this.trackId }, 'layers were not chosen again');
    }
  }

  close(): void {
    this.#consumer.close();
  }

  /** With its producer the worker closes the consumer, and refuses what is asked of it before we learn of that. */
  get #hasEnded(): boolean {
    return this.#consumer.closed || this.#producer.closed;
  }

  async #apply({ isOtherLayer = false } = {}): Promise<void> {
    const consumer = this.#consumer;
    const pause = this.#waiting || this.#wantsPause;
    const preference = this.#preference;
    try {
      if (this.#hasEnded) return;
      // A picture whose layer the client does not name any more may come in its best one.
      const { spatialLayer = this.#wantsPause ? undefined : EVERY_LAYER } = preference;
      if (isOtherLayer && consumer.type !== 'simple' && spatialLayer !== undefined) {
        const layers = preferredLayers({ ...preference, spatialLayer }, modeOf(consumer));
        await consumer.setPreferredLayers(layers);
      }
      if (this.#hasEnded || pause === consumer.paused) return;
      await (pause ? consumer.pause() : consumer.resume());
    } catch (error) {
      // The worker may have closed the track before its event arrived here. Nothing is missing then.
      this.#log.debug({ err: error, trackId: this.trackId }, 'a consumer could not be changed');
    }
  }
}

/** Undefined for simulcast, whose layers are streams of their own. */
function modeOf({ type, rtpParameters }: Producer | Consumer): string | undefined {
  return type === 'simulcast' ? undefined : rtpParameters.encodings?.[0]?.scalabilityMode;
}
