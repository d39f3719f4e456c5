// The tracks that one participant receives: what it should receive, reconciled against the consumers there are.
import type { WebRtcTransport } from 'mediasoup/types';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { Consumer as ConsumerDescription } from '../../../shared/protocol/consumers.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import { demandOf } from '../../room/demand.ts';
import { type InterestLimits, interest, type View, type Want } from '../../room/interest.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { PreparedPicture } from '../prepared/prepared-picture.ts';
import type { MediaRoom } from '../rooms/media-room.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';
import { Consumable } from './consumable.ts';
import { FirstLayers } from './first-layers.ts';
import { Subscription } from './subscription.ts';
import { Undecodable } from './undecodable.ts';

export type Others = View['others'];

export interface SubscriptionsOptions {
  room: Pick<MediaRoom<never>, 'name' | 'tracks' | 'publish'>;
  router: RoomRouter;
  transport: WebRtcTransport;
  participantId: string;
  epoch: number;
  rtpCapabilities: RtpCapabilities;
  limits: InterestLimits;
  /** The first consumers wait for the client, as later ones do: the transport may be connected already. */
  firstWait: boolean;
  /** A consumer that the client has negotiated before. It is used where it is wanted first, or closed. */
  picture: PreparedPicture | undefined;
  /** A track that was wanted has arrived from another worker or node: reconcile. */
  onArrived(): void;
  /** The client has said what it wants of a track, or that is not kept any more. */
  onNamed(trackId: string, isNamed: boolean): void;
  resources: Resources;
  log: Logger;
}

/** Preferences for tracks that have not arrived are kept, up to this many; the oldest go first. */
const MAX_PREFERENCES = 2_000;
/** A join waits this long for tracks of other workers and nodes. Later ones follow as events. */
const FIRST_PIPES_MS = 800;
/** A track that is no longer wanted is paused at once, and kept this long: whoever turns a page turns it back. */
const KEEP_MS = 5_000;

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** While a sender moves, a track may have two subscriptions. The older one ends with its producer. */
  readonly #byProducer = new Map<string, Subscription>();
  readonly #preferences = new Map<string, Preference>();
  #others: Others = 'chosen';
  /** Tracks that could not be consumed; they are not tried again. */
  readonly #refused = new WeakSet<RoomTrack>();
  readonly #undecodable: Undecodable;
  readonly #firstLayers: FirstLayers;
  readonly #consumable: Consumable;
  /** Tracks on their way from another worker or node. */
  readonly #arriving = new Map<RoomTrack, Promise<void>>();
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<ConsumerDescription[]> | undefined;
  #first = true;
  #dropping: Timer | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#consumable = new Consumable(options.router.router, options.rtpCapabilities);
    this.#undecodable = new Undecodable(options);
    this.#firstLayers = new FirstLayers(() => this.#byProducer.values(), options.resources);
  }

  list(): ConsumerDescription[] {
    return [...this.#byProducer.values()].map((subscription) => subscription.description);
  }

  /** What the client looks at from now on, of the tracks named; and what becomes of those never named. */
  look(preferences: Readonly<Record<string, Preference>>, others: Others = this.#others): void {
    const { onNamed } = this.#options;
    this.#others = others;
    for (const [trackId, preference] of Object.entries(preferences)) {
      this.#preferences.delete(trackId);
      this.#preferences.set(trackId, preference);
      onNamed(trackId, true);
      if (this.#preferences.size <= MAX_PREFERENCES) continue;
      const [oldest] = this.#preferences.keys();
      if (oldest === undefined) continue;
      this.#preferences.delete(oldest);
      onNamed(oldest, false);
    }
  }

  /**
   * Consumes what is wanted and not consumed yet, pauses what is not wanted. Calls run one after the other, so
   * that nothing is consumed twice; those that wait for their turn are one.
   *
   * @returns the new consumers, to the first caller of each run
   */
  reconcile(): Promise<ConsumerDescription[]> {
    if (this.#next) return this.#next.then(() => []);
    const run = this.#running.then(() => {
      this.#next = undefined;
      return this.#reconcile();
    });
    this.#next = run;
    this.#running = run.catch(() => {});
    return run;
  }

  /** The client can decode these now. */
  async ready(consumerIds: readonly string[]): Promise<void> {
    const ready = new Set(consumerIds);
    const waiting = [...this.#byProducer.values()].filter(({ id }) => ready.has(id));
    await Promise.all(waiting.map((subscription) => subscription.ready()));
  }

  /** Resolves when the client receives this track, or is not to receive it. */
  async receiving(track: RoomTrack): Promise<void> {
    // A track that arrives from elsewhere begins another run, which consumes it.
    for (let run: Promise<unknown> | undefined; run !== this.#running; ) {
      run = this.#running;
      await run;
      await this.#arriving.get(track);
    }
    await this.#byProducer.get(track.producerId)?.received;
  }

  close(): void {
    this.#dropping?.close();
    this.#undecodable.close();
    this.#firstLayers.close();
    for (const trackId of this.#preferences.keys()) this.#options.onNamed(trackId, false);
  }

  #wants(): Map<string, Want<RoomTrack>> {
    const { room, participantId, limits } = this.#options;
    const view = { preferences: this.#preferences, others: this.#others };
    const find = (trackId: string) => room.tracks.newest(trackId);
    return interest(participantId, room.tracks.common, find, view, limits);
  }

  async #reconcile(): Promise<ConsumerDescription[]> {
    const { router, transport, firstWait, picture, resources } = this.#options;
    if (transport.closed) return [];
    const wants = this.#wants();
    const missing = [...wants.values()].filter(
      ({ track }) => !this.#byProducer.has(track.producerId) && !this.#refused.has(track),
    );
    const away = missing.filter(({ track }) => !router.producerOf(track));
    const arriving = Promise.all(away.map(({ track }) => this.#bring(track)));
    const isFirst = this.#first;
    if (isFirst && away.length > 0) await resources.atMost(FIRST_PIPES_MS, arriving);
    this.#first = false;
    const here = missing.filter(({ track }) => router.producerOf(track));
    // mediasoup asks for key frames when the transport connects, and nothing flows before. So the first
    // consumers need not wait for the client.
    const [consumed] = await Promise.all([
      Promise.all(here.map((want) => this.#consume(want, !isFirst || firstWait))).finally(() =>
        picture?.close(),
      ),
      ...[...this.#byProducer.values()].map((subscription) => this.#apply(subscription, wants)),
    ]);
    this.#dropLater();
    return consumed.flatMap((subscription) =>
      subscription && !subscription.closed ? [subscription.description] : [],
    );
  }

  /** Only those that begin to arrive are waited for. */
  async #bring(track: RoomTrack): Promise<void> {
    if (this.#arriving.has(track)) return;
    const arriving = this.#arrive(track);
    this.#arriving.set(track, arriving);
    await arriving;
  }

  async #arrive(track: RoomTrack): Promise<void> {
    const { router, onArrived } = this.#options;
    const wasFirst = this.#first;
    await router.prepare(track);
    this.#arriving.delete(track);
    // The run that waits for it takes it along.
    if (router.producerOf(track) && !(wasFirst && this.#first)) onArrived();
  }

  /** An older producer of a track that is wanted ends by itself. */
  #apply(subscription: Subscription, wants: ReadonlyMap<string, Want<RoomTrack>>): Promise<void> {
    const want = wants.get(subscription.trackId);
    const preference = want ? want.preference : this.#preferences.get(subscription.trackId);
    return subscription.set(want, preference, performance.now());
  }

  async #consume(
    { track, paused, preference }: Want<RoomTrack>,
    waiting: boolean,
  ): Promise<Subscription | undefined> {
    const { room, router, transport, log } = this.#options;
    const { trackId } = track;
    const producer = router.producerOf(track);
    if (!producer) return undefined;
    if (!this.#consumable.has(producer)) {
      this.#refused.add(track);
      this.#undecodable.add(track);
      log.warn({ room: room.name, trackId }, 'a participant has no codec for a track');
      return undefined;
    }
    const use = router.use(producer, demandOf(track.kind, { paused }, preference), 'participant');
    try {
      const subscription = await Subscription.open(
        { ...this.#options, track, producer, use },
        { waiting, paused, preference },
      );
      // A transport that was closed meanwhile does not know this consumer, and would never close it.
      if (transport.closed) subscription.close();
      subscription.onClose(() => use.end());
      // The track may have been closed while mediasoup answered. Then there is nothing to announce.
      return subscription.closed ? undefined : this.#add(track, subscription);
    } catch (error) {
      use.end();
      // The track or the transport may have closed in the meantime; then nothing is missing.
      if (!producer.closed && !transport.closed) {
        this.#refused.add(track);
        log.error({ err: error, room: room.name, trackId }, 'a track could not be consumed');
      }
      return undefined;
    }
  }

  #add({ producerId }: RoomTrack, subscription: Subscription): Subscription {
    const { room, participantId, epoch } = this.#options;
    const { trackId } = subscription;
    this.#byProducer.set(producerId, subscription);
    subscription.onClose(() => {
      if (this.#byProducer.get(producerId) === subscription) this.#byProducer.delete(producerId);
    });
    subscription.listen({
      onEnded: () => this.#publishClosed([subscription]),
      onLayer: (spatialLayer) => {
        if (this.#newestOf(trackId) !== subscription) return;
        room.publish('layers', { participantId, epoch, trackId, spatialLayer });
      },
      onBegin: () => this.#firstLayers.begin(),
    });
    return subscription;
  }

  /** They are kept in the order in which they were made. */
  #newestOf(trackId: string): Subscription | undefined {
    return [...this.#byProducer.values()].findLast((known) => known.trackId === trackId);
  }

  #dropLater(): void {
    if (this.#dropping || ![...this.#byProducer.values()].some(isUnwanted)) return;
    this.#dropping = this.#options.resources.after(KEEP_MS, () => {
      this.#dropping = undefined;
      this.#drop();
      if (!this.#options.transport.closed) this.#dropLater();
    });
  }

  #drop(): void {
    const before = performance.now() - KEEP_MS;
    const dropped = [...this.#byProducer.values()].filter(
      ({ unwantedSince }) => unwantedSince !== undefined && unwantedSince <= before,
    );
    for (const subscription of dropped) subscription.close();
    this.#publishClosed(dropped);
  }

  #publishClosed(closed: readonly Subscription[]): void {
    if (closed.length === 0) return;
    const { room, participantId, epoch } = this.#options;
    room.publish('consumersClosed', {
      participantId,
      epoch,
      consumerIds: closed.map(({ id }) => id),
    });
  }
}

function isUnwanted({ unwantedSince }: Subscription): boolean {
  return unwantedSince !== undefined;
}
