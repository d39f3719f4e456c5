// One participant's media session: two transports, the tracks sent and the tracks received.
import type { DtlsState } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import {
  type DtlsParameters,
  describesKind,
  type IceParameters,
  type RtpCapabilities,
} from '../../../shared/media/rtp.ts';
import type {
  Direction,
  PathReport,
  Preference,
  TransportDescription,
} from '../../../shared/protocol/media-messages.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { PreparedPicture } from '../prepared/prepared-picture.ts';
import type { MediaRoom } from '../rooms/media-room.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import { producerIdOf } from '../rooms/room-tracks.ts';
import { countWhileOpen } from '../workers/count.ts';
import type { GrantedTurn } from './granted-turn.ts';
import { KnownMutes } from './known-mutes.ts';
import type { PublishRequest } from './publish-request.ts';
import { SenderDemand } from './sender-demand.ts';
import type { SessionHolder } from './session-holder.ts';
import { type Others, Subscriptions } from './subscriptions.ts';
import { Takes } from './takes.ts';
import type { MediaContext } from './transport.ts';
import { TransportPair } from './transport-pair.ts';

/**
 * The pause between two requests for a key frame. libwebrtc ignores a request within 300 ms of another, and
 * mediasoup repeats it only a second later: the second receiver saw nothing meanwhile.
 */
const KEY_FRAME_REQUEST_DELAY_MS = 350;

/** Where a media session is, and its transports. */
export interface MediaPath {
  router: RoomRouter;
  transports: TransportPair;
  /** They were opened before the participant joined, and may be connected. */
  isPrepared: boolean;
  /** The consumer of a picture is there, and negotiated. */
  picture: PreparedPicture | undefined;
  /** The TURN servers that the client has for them. */
  turn: GrantedTurn | undefined;
}

export interface ParticipantMediaOptions {
  participantId: string;
  epoch: number;
  holder: SessionHolder;
  rtpCapabilities: RtpCapabilities;
}

export class ParticipantMedia {
  readonly participantId: string;
  readonly epoch: number;
  readonly router: RoomRouter;
  readonly subscriptions: Subscriptions;
  readonly holder: SessionHolder;
  /** What is received of the tracks that it sends. */
  readonly demand: SenderDemand;
  /** How the packets of each transport travel, as the client reports it. */
  readonly paths = new Map<Direction, PathReport>();
  /** The TURN servers it was given. */
  turn: GrantedTurn | undefined;
  readonly #room: MediaRoom<ParticipantMedia>;
  readonly #transports: TransportPair;
  readonly #mutes = new KnownMutes();
  readonly #takes: Takes;
  readonly #resources: Resources;
  readonly #release: () => void;
  readonly #log: Logger;
  #closed = false;

  private constructor(
    room: MediaRoom<ParticipantMedia>,
    { router, transports, isPrepared, picture, turn }: MediaPath,
    options: ParticipantMediaOptions,
    context: MediaContext,
  ) {
    this.participantId = options.participantId;
    this.epoch = options.epoch;
    this.holder = options.holder;
    this.router = router;
    this.turn = turn;
    this.#room = room;
    this.#transports = transports;
    this.#resources = context.resources;
    this.#release = context.resources.open('peer');
    this.#log = context.log;
    this.#takes = new Takes(room, this, context.resources);
    this.subscriptions = new Subscriptions({
      room,
      router,
      transport: transports.recv,
      participantId: options.participantId,
      epoch: options.epoch,
      rtpCapabilities: options.rtpCapabilities,
      limits: context.interest,
      // Media would flow before the client has its answer: the first key frames would be lost.
      firstWait: isPrepared,
      picture,
      onArrived: () => this.reconcile(),
      onNamed: (trackId, isNamed) => room.named(this, trackId, isNamed),
      resources: context.resources,
      log: context.log,
    });
    transports.onDtlsEnded = (direction, state) => this.#onDtlsEnded(direction, state);
    const { participantId, epoch } = options;
    this.demand = new SenderDemand((demand) =>
      room.publish('demand', { participantId, epoch, ...demand }),
    );
    router.worker.sessions += 1;
    room.addParticipant(this);
  }

  /** Opens both transports and enters the room. Subscriptions come later, with `reconcile`. */
  static async open(
    room: MediaRoom<ParticipantMedia>,
    options: ParticipantMediaOptions,
    context: MediaContext,
  ): Promise<ParticipantMedia> {
    const router = await room.chooseRouter();
    const transports = await TransportPair.open(router, context);
    const path = { router, transports, isPrepared: false, picture: undefined, turn: undefined };
    return ParticipantMedia.enter(room, path, options, context);
  }

  /** Enters the room on transports that are open. @throws ParleyError `media_failed` when they have closed */
  static enter(
    room: MediaRoom<ParticipantMedia>,
    path: MediaPath,
    options: ParticipantMediaOptions,
    context: MediaContext,
  ): ParticipantMedia {
    const { transports } = path;
    if (!room.closed && !transports.closed) {
      return new ParticipantMedia(room, path, options, context);
    }
    path.turn?.release();
    transports.close();
    throw new ParleyError('media_failed');
  }

  /** True also when the worker has died and its event has not arrived yet. */
  get closed(): boolean {
    return this.#closed || this.#transports.closed;
  }

  /**
   * Whether the DTLS of a transport failed, or was ended by the other side. Such a transport carries nothing any
   * more, while its ICE stays connected.
   */
  get dtlsEnded(): boolean {
    return this.#transports.dtlsEnded;
  }

  /** Whether it has a path, in either direction. */
  get carries(): boolean {
    return this.#transports.carries;
  }

  describe(direction: Direction): TransportDescription {
    return this.#transports.describe(direction);
  }

  connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
    return this.#transports.connect(direction, dtlsParameters);
  }

  restartIce(direction: Direction): Promise<IceParameters> {
    return this.#transports.restartIce(direction);
  }

  /** Idempotent for a track that is here already. */
  async publish(request: PublishRequest): Promise<void> {
    const { trackId, kind, source, muted, version, rtpParameters, take = 0 } = request;
    // The caller has committed the track to the room, so it is this participant's. A producer of another
    // participant under this id belongs to an ended session that was not closed here yet.
    for (const track of this.#room.tracks.of(trackId)) {
      const isAnothers = track.participantId !== this.participantId;
      if (isAnothers && track.home.nodeId === undefined) {
        track.home.router.own(track.producerId)?.close();
      }
    }
    if (this.#takes.has(trackId, take)) return this.mute(trackId, muted, version);
    if (!describesKind(rtpParameters, kind)) throw new ParleyError('unsupported_media');
    const producer = await this.#transports.send
      .produce({
        id: producerIdOf(trackId, this.epoch, take),
        kind,
        rtpParameters,
        paused: this.#mutes.now(trackId, muted, version),
        keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS,
      })
      .catch((cause) => {
        throw new ParleyError('unsupported_media', { cause });
      });
    // A transport that was closed meanwhile does not know this producer, and would never close it.
    if (this.#closed) producer.close();
    if (producer.closed) throw new ParleyError('media_failed');
    countWhileOpen(this.#resources, 'producer', producer);
    const { participantId, epoch } = this;
    const home = { router: this.router };
    const track = { trackId, participantId, epoch, producerId: producer.id, kind, source, home };
    this.#room.addTrack({ ...track, ...(take > 0 && { take }), closed: false }, producer);
    const demand = this.router.demandOf(producer.id);
    if (demand) this.demand.follow(trackId, source, producer, demand);
    this.#takes.closeOlder(trackId);
  }

  unpublish(trackId: string): void {
    this.#mutes.forget(trackId);
    for (const producer of this.#takes.of(trackId)) producer.close();
  }

  async mute(trackId: string, muted: boolean, version?: number): Promise<void> {
    const paused = this.#mutes.now(trackId, muted, version);
    const producers = this.#takes.of(trackId);
    if (producers.length === 0) throw new ParleyError('unknown_track');
    await Promise.all(producers.map((each) => (paused ? each.pause() : each.resume())));
  }

  /** The room's tracks, or who is heard, changed. New consumers are sent to the client as an event. */
  reconcile(): void {
    void this.#reconcile();
  }

  /** Resolves when the client receives what it asked for, as far as it is here already. */
  async look(preferences: Readonly<Record<string, Preference>>, others?: Others): Promise<void> {
    this.subscriptions.look(preferences, others);
    await this.#reconcile();
  }

  async #reconcile(): Promise<void> {
    const consumers = await this.subscriptions.reconcile();
    if (consumers.length === 0 || this.#closed) return;
    const { participantId, epoch } = this;
    this.#room.publish('consumers', { participantId, epoch, consumers });
  }

  /** Closes both transports and so every track sent or received. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.demand.understoodBy(false);
    this.turn?.release();
    this.subscriptions.close();
    this.#release();
    this.#takes.close();
    this.router.worker.sessions -= 1;
    this.#transports.close();
    this.#room.removeParticipant(this);
  }

  /** The client decides what follows: it may have closed its side itself, to leave or to use a newer session. */
  #onDtlsEnded(direction: Direction, state: DtlsState): void {
    if (this.#closed) return;
    const { participantId, epoch } = this;
    const known = { room: this.#room.name, participantId, direction };
    // Clients close their ends when they leave. What fails is worth a look.
    this.#log[state === 'failed' ? 'info' : 'debug']({ ...known, state }, 'DTLS has ended');
    this.#room.publish('transportEnded', { participantId, epoch, direction });
  }
}
