// One room on this node: its people, the tracks they can receive, and the routers that carry them.
import type { Producer } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import type { MeshTrack } from '../../cluster/messages/mesh.ts';
import type { ParticipantMedia } from '../endpoints/participant-media.ts';
import { type MeshContext, RoomMesh } from '../mesh/room-mesh.ts';
import type { LiveWorker } from '../workers/worker-pool.ts';
import type { MediaRoom, PublishEvent } from './media-room.ts';
import { RoomRouter } from './room-router.ts';
import { producerIdOf, type RoomTrack, RoomTracks } from './room-tracks.ts';

export interface NodeRoomContext extends MeshContext {
  /** The least loaded worker besides these, if there is one; else the least loaded of all. */
  pickWorker(besides: readonly LiveWorker[]): Promise<LiveWorker>;
  /** People of one room on one worker before the room takes another one. */
  peersPerWorker: number;
}

export interface NodeRoomOptions {
  name: string;
  publish: PublishEvent;
  /** Once, when the last one has left. */
  onClose(): void;
}

export class NodeRoom implements MediaRoom<ParticipantMedia> {
  readonly name: string;
  readonly publish: PublishEvent;
  readonly tracks = new RoomTracks();
  readonly mesh: RoomMesh;
  readonly #context: NodeRoomContext;
  readonly #options: NodeRoomOptions;
  readonly #peers = new Map<string, ParticipantMedia>();
  readonly #routers = new Set<RoomRouter>();
  /** One router is chosen or made at a time: many who come at once share it. */
  #choosing: Promise<unknown> = Promise.resolve();
  #entering = 0;
  #closed = false;

  constructor(options: NodeRoomOptions, context: NodeRoomContext) {
    this.name = options.name;
    this.publish = options.publish;
    this.#options = options;
    this.#context = context;
    this.mesh = new RoomMesh(
      {
        room: options.name,
        ownTracks: () => this.#ownTracks(),
        routerOf: (id) => [...this.#routers].find((router) => router.id === id),
        onTracks: (nodeId, tracks) => this.#onTracks(nodeId, tracks),
      },
      context,
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  get peers(): readonly ParticipantMedia[] {
    return [...this.#peers.values()];
  }

  peer(participantId: string): ParticipantMedia | undefined {
    return this.#peers.get(participantId);
  }

  addPeer(peer: ParticipantMedia): void {
    this.#peers.set(peer.participantId, peer);
  }

  /** The last peer closes the room. */
  removePeer(peer: ParticipantMedia): void {
    if (this.#peers.get(peer.participantId) === peer) this.#peers.delete(peer.participantId);
    if (!this.#closed) peer.router.dropUnused();
    this.#closeIfEmpty();
  }

  /**
   * Keeps the room open while somebody is on the way in, though the last peer may leave meanwhile.
   * @returns a function to call when the peer is in, or will not come
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

  /** The router for one more peer: where most are, until they are too many for one worker. */
  chooseRouter(): Promise<RoomRouter> {
    const choice = this.#choosing.then(() => this.#chooseRouter());
    this.#choosing = choice.catch(() => {});
    return choice;
  }

  /** Somebody sends this here: everybody else gets a consumer of it. */
  addTrack(track: RoomTrack, producer: Producer): void {
    const { router } = track.home as { router: RoomRouter };
    router.add(producer);
    this.tracks.add(track);
    producer.observer.once('close', () => {
      this.tracks.remove(track.producerId);
      this.mesh.publishState();
    });
    producer.observer.on('pause', () => this.mesh.publishState());
    producer.observer.on('resume', () => this.mesh.publishState());
    this.mesh.publishState();
    this.reconcile();
  }

  /** The producer that this media session sends the track with. */
  ownTrack(trackId: string, epoch: number): Producer | undefined {
    const track = this.tracks.get(producerIdOf(trackId, epoch));
    return track?.home.nodeId === undefined ? track?.home.router.own(track.producerId) : undefined;
  }

  /** What can be received changed: every peer is given what it lacks. */
  reconcile(router?: RoomRouter): void {
    for (const peer of this.#peers.values()) {
      if (router === undefined || peer.router === router) peer.reconcile();
    }
  }

  /** A worker died: @returns who was on it, and closes them */
  lose(worker: LiveWorker): ParticipantMedia[] {
    const lost = this.peers.filter((peer) => peer.router.worker === worker);
    for (const router of [...this.#routers]) {
      if (router.worker !== worker) continue;
      this.#routers.delete(router);
      router.close();
    }
    for (const peer of lost) peer.close();
    return lost;
  }

  /** Closes the routers and with them every transport, producer and consumer. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    void this.mesh.close();
    for (const router of this.#routers) router.close();
    this.#routers.clear();
    this.#options.onClose();
  }

  #closeIfEmpty(): void {
    if (this.#peers.size === 0 && this.#entering === 0) this.close();
  }

  async #chooseRouter(): Promise<RoomRouter> {
    const { peersPerWorker, pickWorker } = this.#context;
    for (const router of this.#routers) if (router.closed) this.#routers.delete(router);
    const load = (router: RoomRouter) => this.peers.filter((peer) => peer.router === router).length;
    const routers = [...this.#routers].sort((a, b) => load(b) - load(a));
    const roomy = routers.find((router) => load(router) < peersPerWorker);
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
        pipe: (track, to) => this.#pipe(this.tracks.get(track.producerId), to),
        onPiped: (piped) => this.reconcile(piped),
        onSpeakers: (origin, loudest) => this.#tellSpeakers(origin, loudest),
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

  /** Of another router here: directly. Of another node: over one router, so that it comes once. */
  async #pipe(track: RoomTrack | undefined, to: RoomRouter): Promise<Producer> {
    if (!track) throw new ParleyError('unknown_track');
    const { home } = track;
    const from = home.nodeId === undefined ? home.router : this.#entrance();
    if (from === to) return this.mesh.obtain(track, to);
    if (home.nodeId !== undefined) {
      await from.prepare(track);
      if (!from.producerOf(track)) throw new ParleyError('unknown_track');
    }
    const { pipeProducer } = await from.router.pipeToRouter({
      producerId: track.producerId,
      router: to.router,
      enableSctp: false,
    });
    if (!pipeProducer) throw new ParleyError('media_failed');
    const arrived = from.producerOf(track);
    // Our use of it ends with the pipe that depends on it.
    if (arrived && home.nodeId !== undefined)
      pipeProducer.observer.once('close', from.use(arrived));
    return pipeProducer;
  }

  /** The router that tracks of other nodes come to first. */
  #entrance(): RoomRouter {
    const [first] = [...this.#routers].filter((router) => !router.closed);
    if (!first) throw new ParleyError('media_failed');
    return first;
  }

  #ownTracks(): MeshTrack[] {
    return this.tracks.all.flatMap(({ home, trackId, participantId, epoch, producerId, kind }) => {
      if (home.nodeId !== undefined) return [];
      const paused = home.router.own(producerId)?.paused ?? false;
      const routerId = home.router.id;
      return [{ trackId, participantId, epoch, producerId, routerId, kind, paused }];
    });
  }

  #onTracks(nodeId: string, tracks: readonly MeshTrack[]): void {
    const there = new Set(tracks.map(({ producerId }) => producerId));
    for (const track of this.tracks.all) {
      if (track.home.nodeId === nodeId && !there.has(track.producerId)) {
        this.tracks.remove(track.producerId);
      }
    }
    let isNew = false;
    for (const { routerId, paused: _, ...track } of tracks) {
      if (this.tracks.get(track.producerId)) continue;
      this.tracks.add({ ...track, home: { nodeId, routerId }, closed: false });
      isNew = true;
    }
    if (isNew) this.reconcile();
  }

  #tellSpeakers(
    origin: RoomRouter,
    loudest: ReadonlyArray<{ producerId: string; volume: number }>,
  ): void {
    // Loudest first: of somebody with a microphone and the sound of a screen, the louder one counts.
    const volumes = new Map<string, number>();
    for (const { producerId, volume } of loudest) {
      const track = this.tracks.get(producerId);
      if (track && !volumes.has(track.participantId)) volumes.set(track.participantId, volume);
    }
    const speakers = [...volumes].map(([participantId, volume]) => ({ participantId, volume }));
    this.publish('speakers', { origin: origin.id, speakers });
  }
}
