// One media session: a transport to send and one to receive, until the server gives us another.
import type { Device, types } from 'mediasoup-client';
import { ParleyError } from '../../shared/errors.ts';
import { type VideoCodec, videoEncodings } from '../../shared/media.ts';
import type {
  Consumer as ConsumerDescription,
  Direction,
  MediaOffer,
  MethodName,
  MethodParams,
  MethodResult,
} from '../../shared/protocol.ts';
import type { TrackSource } from '../../shared/room.ts';
import { toWire } from '../../shared/rpc.ts';
import { DtlsParameters, type IceServer, RtpParameters } from '../../shared/rtp.ts';
import type { LocalEntry } from './local-tracks.ts';

type Transport = types.Transport;
export type Request = <K extends MethodName>(
  method: K,
  params: MethodParams<K>,
) => Promise<MethodResult<K>>;

export interface MediaSessionOptions {
  device: Device;
  offer: MediaOffer;
  relayOnly: boolean;
  videoCodec: VideoCodec;
  request: Request;
  /** Groups tracks that must be played in step (lip sync), by track id. */
  streamIdOf(trackId: string): string;
  /** The received tracks changed. */
  onTracks(): void;
  onState(direction: Direction, state: types.ConnectionState): void;
  /** The server refused a track that we had begun to send. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
  /** The browser could not negotiate these: with them described, it negotiates nothing else. */
  onUnusable(trackIds: readonly string[], cause: unknown): void;
  /** The server refused something else; the session may be out of date. */
  onProblem(error: ParleyError): void;
}

/** Speech: 32 kbit/s is transparent. Music or a film in a shared tab: stereo, 128 kbit/s. */
const AUDIO_OPTIONS: Record<'microphone' | 'screen-audio', types.ProducerCodecOptions> = {
  microphone: { opusFec: true, opusDtx: true, opusNack: true, opusMaxAverageBitrate: 32_000 },
  'screen-audio': {
    opusFec: true,
    opusDtx: false,
    opusStereo: true,
    opusNack: true,
    opusMaxAverageBitrate: 128_000,
  },
};
/** Kilobits per second to begin with: the first seconds are sharp instead of blurred. */
const VIDEO_START_BITRATE_KBPS = 1_000;

/** Every browser sends and receives it. */
const FALLBACK_CODEC: VideoCodec = 'VP8';
/** How often a track is published, while the refusal is of the kind that passes. */
const PUBLISH_ATTEMPTS = 4;
const PUBLISH_RETRY_MS = 1_000;

export class MediaSession {
  readonly epoch: number;
  readonly #options: MediaSessionOptions;
  readonly #send: Transport;
  readonly #recv: Transport;
  readonly #consumers = new Map<string, types.Consumer>();
  readonly #consuming = new Map<string, string>();
  readonly #producers = new Map<string, types.Producer>();
  readonly #published = new Map<string, RtpParameters>();
  readonly #connected = Promise.withResolvers<void>();
  readonly #dtls: Partial<Record<Direction, DtlsParameters>> = {};
  #closed = false;

  constructor(options: MediaSessionOptions) {
    const { device, offer, relayOnly } = options;
    this.#options = options;
    this.epoch = offer.epoch;
    const common = {
      iceServers: offer.iceServers,
      ...(relayOnly && { iceTransportPolicy: 'relay' as const }),
    };
    this.#send = device.createSendTransport({ ...offer.send, ...common });
    this.#recv = device.createRecvTransport({ ...offer.recv, ...common });
    this.#listen('send', this.#send);
    this.#listen('recv', this.#recv);
    this.#send.on('produce', (produce, done) => {
      // Answered at once: the server takes our id, and a refusal comes back as an error later.
      const entry = produce.appData.entry as LocalEntry;
      this.#published.set(entry.id, toWire(RtpParameters, produce.rtpParameters));
      done({ id: entry.id });
      this.#tellPublish(entry);
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Received media, by track id. */
  get tracks(): ReadonlyMap<string, MediaStreamTrack> {
    return new Map([...this.#consumers].map(([trackId, { track }]) => [trackId, track]));
  }

  /** Resolves when what is received has a path, at once when there is nothing to receive. */
  get receiving(): Promise<void> {
    if (this.#consumers.size === 0 || this.#recv.connectionState === 'connected') {
      return Promise.resolve();
    }
    return this.#connected.promise;
  }

  /** Whether a TURN server was offered, so that forcing a relay can work. */
  get hasRelay(): boolean {
    const { iceServers } = this.#options.offer;
    return iceServers.some(({ urls }) => urls.some((url) => url.startsWith('turn')));
  }

  /** Receives these tracks; those it receives already are left alone. */
  async consume(descriptions: readonly ConsumerDescription[]): Promise<void> {
    // Begun in one go: mediasoup-client negotiates consumers of the same turn together.
    const results = await Promise.allSettled(
      descriptions.map((description) => this.#consume(description)),
    );
    if (this.#closed) return;
    this.#options.onTracks();
    const ready = descriptions.filter(
      ({ waiting }, index) => waiting && results[index]?.status === 'fulfilled',
    );
    if (ready.length > 0) {
      this.#tell('ready', {
        epoch: this.epoch,
        consumerIds: ready.map(({ consumerId }) => consumerId),
      });
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      const trackIds = descriptions.map(({ trackId }) => trackId);
      const unusable = trackIds.filter((_, index) => results[index]?.status === 'rejected');
      this.#options.onUnusable(unusable, failed.reason);
    }
  }

  closeConsumers(consumerIds: readonly string[]): void {
    const gone = new Set(consumerIds);
    for (const [trackId, consumerId] of [...this.#consuming]) {
      if (!gone.has(consumerId)) continue;
      this.#consuming.delete(trackId);
      this.#consumers.get(trackId)?.close();
      this.#consumers.delete(trackId);
    }
    this.#options.onTracks();
  }

  /** Sends a track. Nothing is waited for but the local negotiation. */
  async produce(entry: LocalEntry): Promise<void> {
    if (this.#producers.has(entry.id) || this.#closed) return;
    const producer = await this.#send.produce({
      track: entry.track,
      // Its owner stops it, not we; and a mute must not disable the owner's track.
      stopTracks: false,
      disableTrackOnPause: false,
      // Muted means that nothing is sent, not that silence is.
      zeroRtpOnPause: true,
      ...this.#encodingOf(entry.source),
      appData: { entry },
    });
    if (this.#closed || entry.closed) return producer.close();
    this.#producers.set(entry.id, producer);
    if (producer.track !== entry.track) await this.replace(entry);
    this.mute(entry);
  }

  async replace(entry: LocalEntry): Promise<void> {
    const producer = this.#producers.get(entry.id);
    if (producer && producer.track !== entry.track) {
      await producer.replaceTrack({ track: entry.track });
    }
  }

  mute(entry: LocalEntry): void {
    const producer = this.#producers.get(entry.id);
    if (entry.muted) producer?.pause();
    else producer?.resume();
  }

  stop(trackId: string): void {
    this.#producers.get(trackId)?.close();
    this.#producers.delete(trackId);
    this.#published.delete(trackId);
  }

  /**
   * After the socket was away: what the server did not hear is said again, and what it said
   * meanwhile is taken from the offer.
   */
  async resync(offer: MediaOffer, published: ReadonlySet<string>, entries: readonly LocalEntry[]) {
    for (const direction of ['send', 'recv'] as const) this.#tellConnect(direction);
    for (const entry of entries) {
      if (!published.has(entry.id) && this.#published.has(entry.id)) this.#tellPublish(entry);
    }
    const offered = new Set(offer.consumers.map(({ consumerId }) => consumerId));
    const gone = [...this.#consuming.values()].flatMap((id) => (offered.has(id) ? [] : [id]));
    if (gone.length > 0) this.closeConsumers(gone);
    await this.consume(offer.consumers);
  }

  /** @throws ParleyError or an error of the browser */
  async restartIce(direction: Direction): Promise<void> {
    const { epoch } = this;
    const answer = await this.#options.request('restartIce', { epoch, direction });
    if (this.#closed) return;
    await this.updateIceServers(answer.iceServers);
    await this.#transport(direction).restartIce({ iceParameters: answer.iceParameters });
  }

  async updateIceServers(iceServers: IceServer[]): Promise<void> {
    await Promise.all(
      [this.#send, this.#recv].map((transport) => transport.updateIceServers({ iceServers })),
    );
  }

  async stats(): Promise<Record<Direction, RTCStatsReport>> {
    const [send, recv] = await Promise.all([this.#send.getStats(), this.#recv.getStats()]);
    return { send, recv };
  }

  /** Closes both transports and all they carry. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#send.close();
    this.#recv.close();
  }

  async #consume({ trackId, consumerId, kind, rtpParameters }: ConsumerDescription) {
    if (this.#consuming.get(trackId) === consumerId) return;
    this.#consumers.get(trackId)?.close();
    this.#consuming.set(trackId, consumerId);
    const consumer = await this.#recv.consume({
      id: consumerId,
      producerId: trackId,
      kind,
      rtpParameters,
      streamId: this.#options.streamIdOf(trackId),
    });
    // It may have been closed, or replaced, while it was negotiated.
    if (this.#closed || this.#consuming.get(trackId) !== consumerId) return consumer.close();
    this.#consumers.set(trackId, consumer);
  }

  #listen(direction: Direction, transport: Transport): void {
    transport.on('connect', ({ dtlsParameters }, done) => {
      this.#dtls[direction] = toWire(DtlsParameters, dtlsParameters);
      done();
      this.#tellConnect(direction);
    });
    transport.on('connectionstatechange', (state) => {
      if (direction === 'recv' && state === 'connected') this.#connected.resolve();
      if (!this.#closed) this.#options.onState(direction, state);
    });
  }

  #tellConnect(direction: Direction): void {
    const dtlsParameters = this.#dtls[direction];
    if (dtlsParameters) this.#tell('connect', { epoch: this.epoch, direction, dtlsParameters });
  }

  #tellPublish(entry: LocalEntry, attempt = 1): void {
    const rtpParameters = this.#published.get(entry.id);
    if (!rtpParameters || this.#closed) return;
    const { id: trackId, source, muted } = entry;
    const kind = entry.track.kind === 'audio' ? 'audio' : 'video';
    this.#options
      .request('publish', { epoch: this.epoch, trackId, kind, source, muted, rtpParameters })
      .catch((error) =>
        this.#refused(error, (refusal) => {
          // A worker that just died, say: either another session comes, or it works a little later.
          if (refusal.retryable && attempt < PUBLISH_ATTEMPTS) {
            setTimeout(() => this.#tellPublish(entry, attempt + 1), PUBLISH_RETRY_MS);
          } else {
            this.#options.onRefused(entry, refusal);
          }
        }),
      );
  }

  #tell<K extends 'connect' | 'ready'>(method: K, params: MethodParams<K>): void {
    this.#options
      .request(method, params)
      .catch((error) => this.#refused(error, (refusal) => this.#options.onProblem(refusal)));
  }

  /** What the socket lost is said again after the resume; what came too late does not matter. */
  #refused(cause: unknown, tell: (error: ParleyError) => void): void {
    const error = ParleyError.from(cause);
    const moot = error.code === 'unreachable' || error.code === 'stale_epoch';
    if (!moot && !this.#closed) tell(error);
  }

  #transport(direction: Direction): Transport {
    return direction === 'send' ? this.#send : this.#recv;
  }

  #encodingOf(source: TrackSource): Partial<types.ProducerOptions> {
    if (source === 'microphone' || source === 'screen-audio') {
      return { codecOptions: AUDIO_OPTIONS[source] };
    }
    const { device, videoCodec } = this.#options;
    const named = (name: VideoCodec) =>
      device.sendRtpCapabilities.codecs?.find(
        ({ mimeType }) => mimeType.toLowerCase() === `video/${name.toLowerCase()}`,
      );
    const wanted = named(videoCodec);
    const codec = wanted ?? named(FALLBACK_CODEC);
    return {
      ...(codec && { codec }),
      encodings: videoEncodings(source, wanted ? videoCodec : FALLBACK_CODEC).map((encoding) => ({
        ...encoding,
      })),
      codecOptions: { videoGoogleStartBitrate: VIDEO_START_BITRATE_KBPS },
    };
  }
}
