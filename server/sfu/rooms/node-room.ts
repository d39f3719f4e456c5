// One room on this node: its participants, the tracks they can receive, and the routers that carry them.
import type { Producer } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import type { VoicesHeard } from '../../../shared/protocol/media-messages.ts';
import type { InterestLimits } from '../../room/interest.ts';
import type { ParticipantMedia } from '../endpoints/participant-media.ts';
import { type MeshContext, RoomMesh, type TracksDifference } from '../mesh/room-mesh.ts';
import type { LiveWorker } from '../workers/worker-pool.ts';
import { ExpectedView, expectedPictures } from './expected-view.ts';
import { pipeLocally } from './local-pipe.ts';
import type { MediaRoom, PublishEvent, PublishTo } from './media-room.ts';
import { RoomParticipants } from './room-participants.ts';
import { type Arrived, RoomRouter, type WantedTrack } from './room-router.ts';
import { meshTrackOf, type RoomTrack, RoomTracks } from './room-tracks.ts';
import { RoomSpeech } from './speech/room-speech.ts';

export interface NodeRoomContext extends MeshContext {
  /** The least loaded worker besides these, if there is one; else the least loaded of all. */
  pickWorker(besides: readonly LiveWorker[]): Promise<LiveWorker>;
  /** A room with this many participants on one worker takes another worker. */
  participantsPerWorker: number;
  interest: InterestLimits;
}

export interface NodeRoomOptions {
  name: string;
  publish: PublishTo;
  /** Called once, when the last participant has left. */
  onClose(): void;
}

export class NodeRoom implements MediaRoom<ParticipantMedia> {
  readonly name: string;
  readonly publish: PublishEvent;
  readonly tracks: RoomTracks;
  readonly mesh: RoomMesh;
  readonly speech: RoomSpeech;
  readonly #context: NodeRoomContext;
  readonly #options: NodeRoomOptions;
  readonly #participants = new RoomParticipants();
  readonly #routers = new Set<RoomRouter>();
  readonly #expected = new Set<ExpectedView>();
  /** Routers are chosen one at a time, so that participants who arrive together share one. */
  #choosing: Promise<unknown> = Promise.resolve();
  #voicesHeard: VoicesHeard;
  #entering = 0;
  #closed = false;

  constructor(options: NodeRoomOptions, context: NodeRoomContext) {
    this.name = options.name;
    this.publish = (event, data) => {
      const whose = 'participantId' in data ? this.participant(data.participantId) : undefined;
      options.publish(event, data, whose?.holder.replica);
    };
    this.#options = options;
    this.#context = context;
    this.tracks = new RoomTracks(context.interest);
    this.#voicesHeard = this.voices;
    this.speech = new RoomSpeech({
      ...context,
      room: options.name,
      tracks: this.tracks,
      voices: context.interest.voices,
      nodes: () => this.mesh.nodes,
      listeners: () => this.participants,
      change: (action) => this.#change([], action),
      publish: this.publish,
    });
    this.mesh = new RoomMesh(
      {
        room: options.name,
        routerOf: (id) => [...this.#routers].find((router) => router.id === id),
        onTracks: (nodeId, difference) => this.#onTracks(nodeId, difference),
      },
      context,
    );
  }

  /** The voices that participants receive. */
  get voices(): VoicesHeard {
    return this.tracks.common.isEveryVoice ? 'all' : 'chosen';
  }

  get closed(): boolean {
    return this.#closed;
  }

  get participants(): readonly ParticipantMedia[] {
    return [...this.#participants.all];
  }

  /** How many participants are here. */
  get size(): number {
    return this.#participants.size;
  }

  participant(participantId: string): ParticipantMedia | undefined {
    return this.#participants.get(participantId);
  }

  addParticipant(participant: ParticipantMedia): void {
    this.#participants.add(participant);
  }

  /** The participant has said what they want of a track, or it is not kept any more. */
  named(participant: ParticipantMedia, trackId: string, isNamed: boolean): void {
    this.#participants.named(participant, trackId, isNamed);
  }

  /** The room closes with its last participant. */
  removeParticipant(participant: ParticipantMedia): void {
    this.#participants.remove(participant);
    if (!this.#closed) participant.router.dropUnused();
    this.#closeIfEmpty();
  }

  /**
   * Keeps the room open while a participant is entering, even if the last one leaves meanwhile.
   * @returns a function to call when the participant has entered, or failed to
   */
  enter(): () => void {
    this.#entering += 1;
    let entering = true;
    return () => {
      if (!entering) return;
      entering = false;
      this.#entering -= 1;
      this.#closeIfEmpty();
    };
  }

  /**
   * Somebody is about to join, and would be on this router: what they would see first is sent already.
   * @returns a function to call when they have joined, or are not expected any more
   */
  expect(participantId: string, router: RoomRouter): () => void {
    const { tracks } = this;
    const limits = this.#context.interest;
    const view = new ExpectedView({ participantId, router, tracks, limits });
    this.#expected.add(view);
    return () => {
      if (this.#expected.delete(view)) view.close();
    };
  }

  /** What a participant who joins here would see first, of what is on this router. */
  firstPicture(participantId: string, router: RoomRouter): Producer | undefined {
    const { tracks } = this;
    const seen = expectedPictures({ participantId, tracks, limits: this.#context.interest });
    return seen.flatMap((track) => router.producerOf(track) ?? [])[0];
  }

  /** The router for one more participant: the fullest one that still has space on its worker. */
  chooseRouter(): Promise<RoomRouter> {
    const choice = this.#choosing.then(() => this.#chooseRouter());
    this.#choosing = choice.catch(() => {});
    return choice;
  }

  /** A participant on this node sends this track: all others get a consumer of it. */
  addTrack(track: RoomTrack, producer: Producer): void {
    const { router } = track.home as { router: RoomRouter };
    const { producerId, trackId } = track;
    router.add(producer, track);
    const change = (action: () => void) => {
      this.#change([trackId], action);
      this.mesh.setTrack(meshTrackOf(track, router.id, producer.paused));
    };
    producer.observer.once('close', () => {
      this.#change([trackId], () => this.tracks.remove(producerId));
      this.mesh.removeTrack(producerId);
    });
    producer.observer.on('pause', () => change(() => this.tracks.mute(producerId, true)));
    producer.observer.on('resume', () => change(() => this.tracks.mute(producerId, false)));
    change(() => this.tracks.add(track, { muted: producer.paused }));
  }

  /** Those whose wishes an action on these tracks may change: all of them, or who names one of the tracks. */
  #change(trackIds: readonly string[], action: () => void): void {
    const { common } = this.tracks;
    action();
    if (this.#closed) return;
    const isForAll = this.tracks.common !== common;
    const concerned = isForAll ? this.participants : this.#participants.naming(trackIds);
    for (const participant of concerned) participant.reconcile();
    if (isForAll) for (const view of this.#expected) view.reconcile();
    const { voices } = this;
    if (voices === this.#voicesHeard) return;
    this.#voicesHeard = voices;
    this.publish('voices', { origin: this.#context.nodeId, voices });
  }

  /** A worker died. Closes the media of its participants. @returns those participants */
  lose(worker: LiveWorker): ParticipantMedia[] {
    const lost = this.participants.filter((participant) => participant.router.worker === worker);
    for (const router of [...this.#routers]) {
      if (router.worker !== worker) continue;
      this.#routers.delete(router);
      router.close();
    }
    for (const participant of lost) participant.close();
    return lost;
  }

  /** Closes the routers and with them every transport, producer and consumer. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const participant of this.participants) participant.close();
    this.#participants.clear();
    this.speech.close();
    void this.mesh.close();
    for (const router of this.#routers) router.close();
    this.#routers.clear();
    this.#options.onClose();
  }

  #closeIfEmpty(): void {
    if (this.#participants.size === 0 && this.#entering === 0) this.close();
  }

  async #chooseRouter(): Promise<RoomRouter> {
    const { participantsPerWorker, pickWorker } = this.#context;
    for (const router of this.#routers) if (router.closed) this.#routers.delete(router);
    const load = (router: RoomRouter) => this.#participants.on(router) + router.expected;
    const routers = [...this.#routers].sort((a, b) => load(b) - load(a));
    const roomy = routers.find((router) => load(router) < participantsPerWorker);
    if (roomy) return roomy;
    const worker = await pickWorker(routers.map((router) => router.worker));
    const there = routers.find((router) => router.worker === worker);
    return there ?? this.#openRouter(worker);
  }

  async #openRouter(worker: LiveWorker): Promise<RoomRouter> {
    const router = await RoomRouter.create(
      {
        room: this.name,
        worker,
        isMoved: (track) => this.#isMoved(track),
        pipe: (track, to) => this.#pipe(this.tracks.get(track.producerId), to),
        onLost: (lacking) => {
          for (const participant of this.participants) {
            if (participant.router === lacking) participant.reconcile();
          }
        },
        onSpeakers: (origin, loudest) => this.speech.report(origin, loudest),
      },
      this.#context,
    );
    if (this.#closed) {
      router.close();
      throw new ParleyError('media_failed');
    }
    this.#routers.add(router);
    return router;
  }

  /** A voice costs next to nothing: none is held back. */
  #isMoved({ trackId, kind, epoch }: WantedTrack): boolean {
    return kind === 'video' && this.tracks.of(trackId).some((other) => other.epoch < epoch);
  }

  /** From another router of this node: directly. From another node: over one router, so that it crosses once. */
  async #pipe(track: RoomTrack | undefined, to: RoomRouter): Promise<Arrived> {
    if (!track) throw new ParleyError('unknown_track');
    const { home } = track;
    const from = home.nodeId === undefined ? home.router : this.#entrance();
    if (from === to) return this.mesh.obtain(track, to);
    if (home.nodeId !== undefined) await from.prepare(track);
    return pipeLocally(track, from, to, this.#context.log);
  }

  /** The router that receives tracks of other nodes first. */
  #entrance(): RoomRouter {
    const [first] = [...this.#routers].filter((router) => !router.closed);
    if (!first) throw new ParleyError('media_failed');
    return first;
  }

  #onTracks(nodeId: string, { tracks, removed, gone }: TracksDifference): void {
    this.speech.listen();
    if (gone) this.speech.forget(nodeId);
    const ended = removed.flatMap((producerId) => {
      const track = this.tracks.get(producerId);
      return track?.home.nodeId === nodeId ? track : [];
    });
    const changed = [...ended, ...tracks].map(({ trackId }) => trackId);
    this.#change(changed, () => {
      for (const { producerId } of ended) this.tracks.remove(producerId);
      for (const { routerId, paused, ...track } of tracks) {
        const home = { nodeId, routerId };
        if (this.tracks.get(track.producerId)) this.tracks.mute(track.producerId, paused);
        else this.tracks.add({ ...track, home, closed: false }, { muted: paused });
      }
    });
  }
}
