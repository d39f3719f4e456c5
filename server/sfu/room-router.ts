// One room's media on one worker: its router, its tracks, the peers in it, and who is heard.
import type { AudioLevelObserver, Producer, Router } from 'mediasoup/types';
import { ROUTER_CODECS } from '../../shared/media.ts';
import type { MediaEvent, MediaEventData } from '../cluster/media-protocol.ts';
import type { Resources } from '../telemetry/resources.ts';
import { countWhileOpen } from './count.ts';
import type { Peer } from './peer.ts';
import type { LiveWorker } from './worker-pool.ts';

/** How often volumes are told. Faster than people take turns, slower than a flood. */
const VOLUME_INTERVAL_MS = 300;
/** Quieter than this (dBov) is background noise. */
const VOLUME_THRESHOLD = -55;
/** More people than these are never heard at once. */
const MAX_SPEAKERS = 6;

export type PublishEvent = <K extends MediaEvent>(event: K, data: MediaEventData<K>) => void;

/** A track in the room: whose it is, and its producer on this router. */
export interface RoomTrack {
  readonly trackId: string;
  readonly participantId: string;
  readonly producer: Producer;
}

export class RoomRouter {
  readonly room: string;
  readonly router: Router;
  readonly worker: LiveWorker;
  readonly publish: PublishEvent;
  readonly #observer: AudioLevelObserver;
  readonly #peers = new Map<string, Peer>();
  readonly #tracks = new Map<string, RoomTrack>();
  #entering = 0;
  #closed = false;
  /** Called once, when the room was closed. */
  onClose: () => void = () => {};

  private constructor(
    room: string,
    worker: LiveWorker,
    router: Router,
    observer: AudioLevelObserver,
    publish: PublishEvent,
  ) {
    this.room = room;
    this.worker = worker;
    this.router = router;
    this.publish = publish;
    this.#observer = observer;
    observer.on('volumes', (volumes) => this.#tellSpeakers(volumes));
    observer.on('silence', () => this.publish('speakers', { speakers: [] }));
  }

  static async create(
    room: string,
    worker: LiveWorker,
    publish: PublishEvent,
    resources: Resources,
  ): Promise<RoomRouter> {
    const router = await worker.worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
    countWhileOpen(resources, 'router', router);
    const observer = await router.createAudioLevelObserver({
      maxEntries: MAX_SPEAKERS,
      threshold: VOLUME_THRESHOLD,
      interval: VOLUME_INTERVAL_MS,
    });
    countWhileOpen(resources, 'observer', observer);
    return new RoomRouter(room, worker, router, observer, publish);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  get tracks(): readonly RoomTrack[] {
    return [...this.#tracks.values()];
  }

  peer(participantId: string): Peer | undefined {
    return this.#peers.get(participantId);
  }

  addPeer(peer: Peer): void {
    this.#peers.set(peer.participantId, peer);
  }

  /** The last peer closes the room. */
  removePeer(peer: Peer): void {
    if (this.#peers.get(peer.participantId) === peer) this.#peers.delete(peer.participantId);
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

  /** A track is here: everybody else gets a consumer of it. */
  async addTrack(track: RoomTrack): Promise<void> {
    this.#tracks.set(track.trackId, track);
    track.producer.observer.once('close', () => {
      if (this.#tracks.get(track.trackId) === track) this.#tracks.delete(track.trackId);
    });
    for (const peer of this.#peers.values()) peer.reconcile();
    if (track.producer.kind === 'audio') {
      await this.#observer.addProducer({ producerId: track.producer.id });
    }
  }

  trackOf(trackId: string): RoomTrack | undefined {
    return this.#tracks.get(trackId);
  }

  /** Closes the router and with it every transport, producer and consumer. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    this.router.close();
    this.onClose();
  }

  #closeIfEmpty(): void {
    if (this.#peers.size === 0 && this.#entering === 0) this.close();
  }

  #tellSpeakers(volumes: { producer: Producer; volume: number }[]): void {
    // Loudest first: of somebody with a microphone and the sound of a screen, the louder one counts.
    const loudest = new Map<string, number>();
    for (const { producer, volume } of volumes) {
      const track = this.tracks.find((other) => other.producer === producer);
      if (track && !loudest.has(track.participantId)) loudest.set(track.participantId, volume);
    }
    const speakers = [...loudest].map(([participantId, volume]) => ({ participantId, volume }));
    this.publish('speakers', { speakers });
  }
}
