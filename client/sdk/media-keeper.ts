// Keeps media going: it takes the media sessions that the server offers, one after the other, and
// asks for another when a path stays down.
import type { Device } from 'mediasoup-client';
import { ParleyError } from '../../shared/errors.ts';
import type { VideoCodec } from '../../shared/media.ts';
import type { Consumer, Direction, EventPayload, MediaOffer } from '../../shared/protocol.ts';
import type { IceServer } from '../../shared/rtp.ts';
import type { LocalEntry, LocalTracks } from './local-tracks.ts';
import { MediaSession, type Request } from './media-session.ts';
import { PathRecovery, type RecoveryStep } from './path-recovery.ts';

export interface MediaKeeperOptions {
  local: LocalTracks;
  relayOnly: boolean;
  videoCodec: VideoCodec;
  request: Request;
  /** Runs it now, or when requests can be carried again. */
  onceUp(action: () => void): void;
  isUp(): boolean;
  streamIdOf(trackId: string): string;
  /** The received tracks changed. */
  onTracks(): void;
  /** A path went down, or all are up again. */
  onRecovering(): void;
  /** The server refused a track of ours. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
  /** Another media session took over: what the old one was told, it does not know. */
  onReplaced(): void;
  onProblem(error: unknown): void;
}

const NO_TRACKS: ReadonlyMap<string, MediaStreamTrack> = new Map();

export class MediaKeeper {
  readonly #options: MediaKeeperOptions;
  readonly #recovery: PathRecovery;
  #relayOnly: boolean;
  /** Tracks that our browser could not negotiate; they are not received again in this call. */
  readonly #unusable = new Set<string>();
  #negotiated: Promise<void> = Promise.resolve();
  #device: Device | undefined;
  #session: MediaSession | undefined;

  constructor(options: MediaKeeperOptions) {
    this.#options = options;
    this.#relayOnly = options.relayOnly;
    this.#recovery = new PathRecovery({
      run: (step, direction) => this.#recover(step, direction),
      onChange: () => options.onRecovering(),
    });
  }

  /** Received media, by track id. */
  get tracks(): ReadonlyMap<string, MediaStreamTrack> {
    return this.#session?.tracks ?? NO_TRACKS;
  }

  /** Resolves when the tracks that the newest session began with are on their way to us. */
  async receiving(): Promise<void> {
    await this.#negotiated;
    await this.#session?.receiving;
  }

  /** Whether others can hear and see us, as far as the browser knows. */
  get flowing(): boolean {
    return this.#session !== undefined && !this.#recovery.recovering;
  }

  get recovering(): boolean {
    return this.#recovery.recovering;
  }

  /** Uses a new media session: what was received or sent continues there under the same ids. */
  adopt(offer: MediaOffer, device = this.#device): void {
    // The session we have: an answer and an event may both tell of it.
    if (!device || offer.epoch === this.#session?.epoch) return;
    this.#device = device;
    const old = this.#session;
    const session: MediaSession = new MediaSession({
      device,
      offer,
      relayOnly: this.#relayOnly,
      videoCodec: this.#options.videoCodec,
      request: this.#options.request,
      streamIdOf: this.#options.streamIdOf,
      onTracks: () => this.#options.onTracks(),
      onState: (direction, state) => {
        if (this.#session === session) this.#recovery.onState(direction, state);
      },
      onRefused: (entry, error) => {
        if (this.#session === session) this.#options.onRefused(entry, error);
      },
      onUnusable: (trackIds, cause) => {
        if (this.#session === session) this.#giveUp(session, trackIds, cause);
      },
      onProblem: (error) => this.#options.onProblem(error),
    });
    this.#session = session;
    this.#recovery.reset();
    this.#options.onceUp(() => {
      this.#negotiated = session.consume(this.#usable(offer.consumers));
      void this.#negotiated.then(() => old?.close());
      // What is received comes first: people wait for the others' picture, and encoders are greedy.
      void this.#negotiated.then(() => {
        if (this.#session !== session) return;
        for (const entry of this.#options.local.entries) this.produce(entry);
      });
      if (old) this.#options.onReplaced();
    });
  }

  /** After the socket was away. @param published the tracks of ours that the server knows */
  resume(offer: MediaOffer, device: Device, published: ReadonlySet<string>): void {
    const session = this.#session;
    if (session?.epoch !== offer.epoch) {
      this.adopt(offer, device);
    } else {
      this.#options.onceUp(() => {
        const known = { ...offer, consumers: this.#usable(offer.consumers) };
        session.resync(known, published, this.#options.local.entries).catch((error) => {
          this.#options.onProblem(error);
        });
      });
    }
  }

  produce(entry: LocalEntry): void {
    this.#session?.produce(entry).catch((error) => this.#options.onProblem(error));
  }

  replace(entry: LocalEntry): void {
    this.#session?.replace(entry).catch((error) => this.#options.onProblem(error));
  }

  mute(entry: LocalEntry): void {
    this.#session?.mute(entry);
  }

  stop(trackId: string): void {
    this.#session?.stop(trackId);
  }

  onConsumers({ epoch, consumers }: EventPayload<'consumers'>): void {
    if (epoch === this.#session?.epoch) void this.#session.consume(this.#usable(consumers));
  }

  onConsumersClosed({ epoch, consumerIds }: EventPayload<'consumersClosed'>): void {
    if (epoch === this.#session?.epoch) this.#session.closeConsumers(consumerIds);
  }

  updateIceServers(iceServers: IceServer[]): void {
    this.#session?.updateIceServers(iceServers).catch((error) => this.#options.onProblem(error));
  }

  async stats() {
    return (await this.#session?.stats()) ?? { send: undefined, recv: undefined };
  }

  /** Idempotent. */
  close(): void {
    this.#recovery.close();
    this.#session?.close();
  }

  #usable(consumers: readonly Consumer[]): Consumer[] {
    return consumers.filter(({ trackId }) => !this.#unusable.has(trackId));
  }

  /** A transport that met something it cannot negotiate is no good for the other tracks either. */
  #giveUp(session: MediaSession, trackIds: readonly string[], cause: unknown): void {
    for (const trackId of trackIds) this.#unusable.add(trackId);
    this.#options.onProblem(new ParleyError('unsupported_media', { cause }));
    this.#options.request('rebuildMedia', { epoch: session.epoch }).catch((error) => {
      this.#options.onProblem(error);
    });
  }

  async #recover(step: RecoveryStep, direction: Direction): Promise<void> {
    const session = this.#session;
    // Without a socket nothing can be mended; the ladder goes on when it is back.
    if (!session || !this.#options.isUp()) return;
    if (step === 'restart-ice') return session.restartIce(direction);
    this.#relayOnly ||= step === 'rebuild-relay' && session.hasRelay;
    await this.#options.request('rebuildMedia', { epoch: session.epoch });
  }
}
