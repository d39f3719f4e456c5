// One participant's media session: two transports, the tracks sent and the tracks received.
import type { DtlsState, WebRtcTransport } from 'mediasoup/types';
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
import type { MediaRoom, PublishEvent } from '../rooms/media-room.ts';
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
import { createTransport, type MediaContext } from './transport.ts';

/**
 * The pause between two requests for a key frame. libwebrtc ignores a request within 300 ms of another, and
 * mediasoup repeats it only a second later: the second receiver saw nothing meanwhile.
 */
const KEY_FRAME_REQUEST_DELAY_MS = 350;

const ENDED: ReadonlySet<DtlsState> = new Set(['failed', 'closed']);

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
  /** To the replica that has the participant's session. */
  readonly publishEvent: PublishEvent;
  /** What is received of the tracks that it sends. */
  readonly demand: SenderDemand;
  /** How the packets of each transport travel, as the client reports it. */
  readonly paths = new Map<Direction, PathReport>();
  /** The TURN servers it was given. */
  turn: GrantedTurn | undefined;
  readonly #room: MediaRoom<ParticipantMedia>;
  readonly #transports: Record<Direction, WebRtcTransport>;
  /** The DTLS fingerprints that each transport was connected with. */
  readonly #connected = new Map<Direction, string>();
  readonly #mutes = new KnownMutes();
  readonly #takes: Takes;
  readonly #resources: Resources;
  readonly #release: () => void;
  readonly #log: Logger;
  /** Transports whose DTLS has ended. mediasoup may begin another handshake there, which rarely succeeds. */
  readonly #dtlsEnded = new Set<Direction>();
  #closed = false;

  private constructor(
    room: MediaRoom<ParticipantMedia>,
    router: RoomRouter,
    options: ParticipantMediaOptions,
    transports: Record<Direction, WebRtcTransport>,
    context: MediaContext,
  ) {
    this.participantId = options.participantId;
    this.epoch = options.epoch;
    this.holder = options.holder;
    this.publishEvent = this.holder.publisher(room.publish);
    this.router = router;
    this.#room = room;
    this.#transports = transports;
    this.#resources = context.resources;
    this.#release = context.resources.open('peer');
    this.#log = context.log;
    this.#takes = new Takes(room, this, context.resources);
    this.subscriptions = new Subscriptions({
      room: { name: room.name, tracks: room.tracks, publish: this.publishEvent },
      router,
      transport: transports.recv,
      participantId: options.participantId,
      epoch: options.epoch,
      rtpCapabilities: options.rtpCapabilities,
      limits: context.interest,
      onArrived: () => this.reconcile(),
      onNamed: (trackId, isNamed) => room.named(this, trackId, isNamed),
      resources: context.resources,
      log: context.log,
    });
    const { participantId, epoch } = options;
    this.demand = new SenderDemand((demand) =>
      this.publishEvent('demand', { participantId, epoch, ...demand }),
    );
    this.#watchDtls('send');
    this.#watchDtls('recv');
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
    const create = (direction: Direction) => createTransport(router, direction, context);
    const results = await Promise.allSettled([create('send'), create('recv')]);
    const [send, recv] = results;
    if (send.status === 'fulfilled' && recv.status === 'fulfilled' && !room.closed) {
      return new ParticipantMedia(
        room,
        router,
        options,
        { send: send.value, recv: recv.value },
        context,
      );
    }
    for (const result of results) if (result.status === 'fulfilled') result.value.close();
    const cause = results.find((result) => result.status === 'rejected')?.reason;
    throw new ParleyError('media_failed', { cause });
  }

  /** True also when the worker has died and its event has not arrived yet. */
  get closed(): boolean {
    return this.#closed || this.#transports.send.closed;
  }

  /**
   * Whether the DTLS of a transport failed, or was ended by the other side. Such a transport carries nothing any
   * more, while its ICE stays connected.
   */
  get dtlsEnded(): boolean {
    return this.#dtlsEnded.size > 0;
  }

  /** Whether it has a path, in either direction. */
  get carries(): boolean {
    return Object.values(this.#transports).some(
      ({ closed, dtlsState, iceState }) =>
        !closed &&
        dtlsState === 'connected' &&
        (iceState === 'connected' || iceState === 'completed'),
    );
  }

  describe(direction: Direction): TransportDescription {
    const { id, iceParameters, iceCandidates, dtlsParameters } = this.#transports[direction];
    return { id, iceParameters, iceCandidates, dtlsParameters };
  }

  /** Idempotent for the same parameters: a repetition after a lost answer is no error. */
  async connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtlsParameters.fingerprints);
    const before = this.#connected.get(direction);
    if (before === fingerprint) return;
    if (before !== undefined) throw new ParleyError('media_failed');
    this.#connected.set(direction, fingerprint);
    try {
      await this.#transports[direction].connect({ dtlsParameters });
    } catch (cause) {
      this.#connected.delete(direction);
      throw new ParleyError('media_failed', { cause });
    }
  }

  async restartIce(direction: Direction): Promise<IceParameters> {
    return this.#transports[direction].restartIce();
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
    this.publishEvent('consumers', { participantId, epoch, consumers });
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
    this.#transports.send.close();
    this.#transports.recv.close();
    this.#room.removeParticipant(this);
  }

  /** The client decides what follows: it may have closed its side itself, to leave or to use a newer session. */
  #watchDtls(direction: Direction): void {
    this.#transports[direction].on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#dtlsEnded.delete(direction);
      if (this.#closed || !ENDED.has(state)) return;
      this.#dtlsEnded.add(direction);
      const { participantId, epoch } = this;
      const known = { room: this.#room.name, participantId, direction };
      // Clients close their ends when they leave. What fails is worth a look.
      this.#log[state === 'failed' ? 'info' : 'debug']({ ...known, state }, 'DTLS has ended');
      this.publishEvent('transportEnded', { participantId, epoch, direction });
    });
  }
}
