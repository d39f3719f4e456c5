// One room's media on one worker: its router, the producers there (its own and piped ones), and which of them
// are loudest.
import type { AudioLevelObserver, Producer, Router } from 'mediasoup/types';
import { ROUTER_CODECS } from '../../../shared/media/media.ts';
import { BROUGHT, type Demand, movedAt, type Settling, UNSETTLED } from '../../room/demand.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { countWhileOpen } from '../workers/count.ts';
import type { LiveWorker } from '../workers/worker-pool.ts';
import { TrackDemand, type TrackUse } from './track-demand.ts';

/** How often volumes are published. Faster than speakers change, slower than a flood. */
const VOLUME_INTERVAL_MS = 300;
/** Quieter than this (dBov) is background noise. */
const VOLUME_THRESHOLD = -55;
/** The loudest speakers of a router that are published. More are never understood at once. */
const MAX_SPEAKERS = 6;
/** The pause before a failed pipe is tried again. */
const PIPE_RETRY_MS = 1_000;

/** Everything that mediasoup needs of the process to open something. */
export interface RouterContext {
  resources: Resources;
  log: Logger;
}

/** The part of a track that its router needs. */
export interface WantedTrack {
  readonly trackId: string;
  readonly producerId: string;
  readonly kind: 'audio' | 'video';
  /** The epoch of the media session that sends it. */
  readonly epoch: number;
  readonly closed: boolean;
}

/** A track that was brought onto a router. */
export interface Arrived {
  readonly producer: Producer;
  /** What is wanted of it on this router from now on. */
  ask(demand: Demand): void;
}

export interface RoomRouterOptions {
  room: string;
  worker: LiveWorker;
  /** Whether it is a picture that the room has from an earlier media session of its participant as well. */
  isMoved(track: WantedTrack): boolean;
  /** Brings a track that is elsewhere onto this router. */
  pipe(track: WantedTrack, to: RoomRouter): Promise<Arrived>;
  /** A track from elsewhere was lost, or could not be brought yet: reconcile. */
  onLost(router: RoomRouter): void;
  /** Loudest first. */
  onSpeakers(router: RoomRouter, speakers: Array<{ producerId: string; volume: number }>): void;
}

interface Piped {
  producer: Producer | undefined;
  users: number;
  arriving: Promise<void>;
}

export class RoomRouter {
  readonly worker: LiveWorker;
  readonly router: Router;
  readonly #options: RoomRouterOptions;
  readonly #context: RouterContext;
  readonly #observer: AudioLevelObserver;
  readonly #own = new Map<string, Producer>();
  readonly #piped = new Map<string, Piped>();
  #expected = 0;
  readonly #demands = new Map<string, TrackDemand>();
  #closed = false;

  private constructor(
    options: RoomRouterOptions,
    context: RouterContext,
    router: Router,
    observer: AudioLevelObserver,
  ) {
    this.worker = options.worker;
    this.router = router;
    this.#options = options;
    this.#context = context;
    this.#observer = observer;
    const report = (volumes: { producer: Producer; volume: number }[]) =>
      options.onSpeakers(
        this,
        volumes.map(({ producer, volume }) => ({ producerId: producer.id, volume })),
      );
    observer.on('volumes', report);
    observer.on('silence', () => report([]));
  }

  static async create(options: RoomRouterOptions, context: RouterContext): Promise<RoomRouter> {
    const router = await options.worker.worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
    countWhileOpen(context.resources, 'router', router);
    const observer = await router.createAudioLevelObserver({
      maxEntries: MAX_SPEAKERS,
      threshold: VOLUME_THRESHOLD,
      interval: VOLUME_INTERVAL_MS,
    });
    countWhileOpen(context.resources, 'observer', observer);
    return new RoomRouter(options, context, router, observer);
  }

  get id(): string {
    return this.router.id;
  }

  /** Participants who may join, and have transports here already. */
  get expected(): number {
    return this.#expected;
  }

  /** The worker may carry one participant more soon. @returns what to call when that is over */
  expectParticipant(): () => void {
    this.#expected += 1;
    this.worker.sessions += 1;
    let isExpected = true;
    return () => {
      if (!isExpected) return;
      isExpected = false;
      this.#expected -= 1;
      this.worker.sessions -= 1;
    };
  }

  get closed(): boolean {
    return this.#closed || this.router.closed;
  }

  /** A participant connected here sends this. */
  add(producer: Producer, track: WantedTrack): void {
    this.#own.set(producer.id, producer);
    producer.observer.once('close', () => this.#own.delete(producer.id));
    const isMoved = this.#options.isMoved(track);
    this.#watchDemand(producer, isMoved ? movedAt(performance.now()) : UNSETTLED);
    this.#listen(producer);
  }

  /** What is wanted of a track that is on this router. */
  demandOf(producerId: string): TrackDemand | undefined {
    return this.#demands.get(producerId);
  }

  own(producerId: string): Producer | undefined {
    return this.#own.get(producerId);
  }

  /** The track's producer on this router, when there is one already. */
  producerOf(track: WantedTrack): Producer | undefined {
    return this.#own.get(track.producerId) ?? this.#piped.get(track.producerId)?.producer;
  }

  /** Resolves when the track is on this router, or cannot be brought here for now. */
  async prepare(track: WantedTrack): Promise<void> {
    if (this.closed || this.producerOf(track)) return;
    const known = this.#piped.get(track.producerId);
    if (known) return known.arriving;
    const piped: Piped = { producer: undefined, users: 0, arriving: Promise.resolve() };
    this.#piped.set(track.producerId, piped);
    piped.arriving = this.#bring(track, piped);
    return piped.arriving;
  }

  /** This producer is consumed by a participant here, or by a pipe. With its last use, a piped one ends. */
  use(producer: Producer, demand: Demand, by: 'participant' | 'pipe'): TrackUse {
    const piped = this.#piped.get(producer.id);
    const isPiped = piped?.producer === producer;
    if (isPiped) piped.users += 1;
    const use = this.#demands.get(producer.id)?.use(demand, by);
    let using = true;
    return {
      want: (next) => use?.want(next),
      end: () => {
        if (!using) return;
        using = false;
        use?.end();
        if (!isPiped) return;
        piped.users -= 1;
        if (piped.users === 0) producer.close();
      },
    };
  }

  /** Ends pipes without consumers. */
  dropUnused(): void {
    for (const { producer, users } of [...this.#piped.values()]) {
      if (users === 0) producer?.close();
    }
  }

  /** Closes the router and with it every transport, producer and consumer. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.router.close();
    for (const demand of this.#demands.values()) demand.close();
    this.#demands.clear();
    this.#own.clear();
    this.#piped.clear();
  }

  async #bring(track: WantedTrack, piped: Piped): Promise<void> {
    const { room, pipe, onLost } = this.#options;
    const { resources, log } = this.#context;
    const forget = () => {
      if (this.#piped.get(track.producerId) === piped) this.#piped.delete(track.producerId);
    };
    try {
      const { producer, ask } = await pipe(track, this);
      if (this.closed) producer.close();
      if (producer.closed) return forget();
      piped.producer = producer;
      const isPicture = track.kind === 'video';
      const demand = this.#watchDemand(producer, isPicture ? BROUGHT : UNSETTLED);
      demand.onChange(ask);
      // The other end sends everything until it is told. Whoever wanted the track says so in this turn of the event loop.
      if (isPicture) resources.after(0, () => ask(demand.current));
      countWhileOpen(resources, 'piped', producer);
      producer.observer.once('close', () => {
        forget();
        if (!this.closed) onLost(this);
      });
      this.#listen(producer);
    } catch (err) {
      forget();
      if (this.closed || track.closed) return;
      log.warn({ err, room, trackId: track.trackId }, 'a track could not be piped yet');
      const again = resources.after(PIPE_RETRY_MS, () => {
        if (!this.closed) onLost(this);
      });
      this.router.observer.once('close', () => again.close());
    }
  }

  #watchDemand(producer: Producer, begins: Settling): TrackDemand {
    const demand = new TrackDemand(this.#context.resources, begins);
    this.#demands.set(producer.id, demand);
    producer.observer.once('close', () => {
      demand.close();
      if (this.#demands.get(producer.id) === demand) this.#demands.delete(producer.id);
    });
    return demand;
  }

  #listen(producer: Producer): void {
    if (producer.kind !== 'audio' || producer.closed) return;
    this.#observer.addProducer({ producerId: producer.id }).catch((err) => {
      if (!producer.closed)
        this.#context.log.warn({ err }, 'an audio track was not added to speaker detection');
    });
  }
}
