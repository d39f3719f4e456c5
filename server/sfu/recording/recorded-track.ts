// One producer of this node that is recorded: a plain transport on the loopback address that brings it to the recorder.
import type { Consumer, PlainTransport, Producer, RtpCapabilities } from 'mediasoup/types';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import type { RecordedTrackInfo, SegmentEnd } from '../../recording/process/messages.ts';
import type { RecorderProcess } from '../../recording/process/recorder-process.ts';
import { demandOf } from '../../room/demand.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';
import type { TrackUse } from '../rooms/track-demand.ts';
import { countWhileOpen } from '../workers/count.ts';
import { layerBelowBest } from './better-layer.ts';

export interface RecordedTrackOptions {
  recordingId: string;
  track: RoomTrack;
  router: RoomRouter;
  producer: Producer;
  recorder: RecorderProcess;
  keyFrameMs: number;
  /** Called once, when it is closed for whatever reason. */
  onClosed(): void;
  resources: Resources;
  log: Logger;
}

const LOOPBACK = '127.0.0.1';
/** mediasoup does not pass on more requests than one a second to the sender; fewer are not even asked for. */
const KEY_FRAME_REQUEST_MS = 500;
/** How often a picture that is recorded in a smaller layer than it is sent is taken to the best one. */
const LAYER_MS = 1_000;

/**
 * What the recorder receives: every codec of the router, without retransmission, which the loopback needs as little
 * as bandwidth estimation.
 */
const CAPABILITIES: RtpCapabilities = {
  codecs: (ROUTER_RTP_CAPABILITIES.codecs ?? [])
    .filter(({ mimeType }) => !/\/rtx$/i.test(mimeType))
    .map((codec) => ({
      ...codec,
      rtcpFeedback: codec.kind === 'video' ? [{ type: 'nack', parameter: 'pli' }] : [],
    })) as NonNullable<RtpCapabilities['codecs']>,
  headerExtensions: [],
};

export class RecordedTrack {
  readonly #options: RecordedTrackOptions;
  #use: TrackUse | undefined;
  #transport: PlainTransport | undefined;
  #consumer: Consumer | undefined;
  /** The best layers that there can be. */
  #preferred: Consumer['preferredLayers'];
  #keyFrames: Timer | undefined;
  #layers: Timer | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** Resolves when the recorder knows the track. */
  readonly #tracked = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: RecordedTrackOptions) {
    this.#options = options;
    // Its worker may be gone before the router learns of it.
    options.producer.observer.once('close', () => this.close('unpublished'));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Never rejects: a track that cannot be opened is closed, and may be opened again. */
  async open(): Promise<void> {
    const { track, recorder, log } = this.#options;
    try {
      await this.#open();
    } catch (err) {
      const isLost = this.#closed || track.closed || recorder.port === undefined;
      if (!isLost) log.warn({ err, trackId: track.trackId }, 'a track is not recorded yet');
      this.close('lost');
    }
  }

  /** The recorder knows the track: its packets may come. */
  tracked(): void {
    this.#tracked.resolve();
  }

  /** The recorder can do nothing without a key frame. */
  requestKeyFrame(): void {
    const now = performance.now();
    const consumer = this.#consumer;
    if (!consumer || consumer.closed || consumer.kind !== 'video') return;
    if (consumer.producerPaused || now - this.#askedAtMs < KEY_FRAME_REQUEST_MS) return;
    this.#askedAtMs = now;
    consumer.requestKeyFrame().catch((err) => {
      this.#options.log.debug({ err }, 'a key frame could not be asked for');
    });
  }

  /** Idempotent. @param why as the manifest says it */
  close(why: SegmentEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    const { recorder, track } = this.#options;
    this.#keyFrames?.close();
    this.#layers?.close();
    this.#transport?.close();
    this.#use?.end();
    this.#tracked.resolve();
    recorder.send({ do: 'untrack', key: track.producerId, why });
    this.#options.onClosed();
  }

  async #open(): Promise<void> {
    const { router, producer, recorder, track, recordingId, resources, keyFrameMs } = this.#options;
    const { port } = recorder;
    if (port === undefined) throw new Error('the recorder is not there');
    // Recorded is what a participant who looks at it in full size would receive.
    this.#use = router.use(producer, demandOf(track.kind, { paused: false }), 'participant');
    const transport = await router.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: LOOPBACK },
      rtcpMux: true,
      comedia: false,
    });
    this.#transport = transport;
    countWhileOpen(resources, 'transport', transport);
    if (this.#closed) return transport.close();
    await transport.connect({ ip: LOOPBACK, port });
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: CAPABILITIES,
      paused: true,
    });
    this.#consumer = consumer;
    this.#preferred = consumer.preferredLayers;
    countWhileOpen(resources, 'consumer', consumer);
    if (this.#closed) {
      // A transport that was closed meanwhile does not know this consumer, and would never close it.
      consumer.close();
      return;
    }
    recorder.send({
      do: 'track',
      track: infoOf(recordingId, track, transport.tuple.localPort, consumer),
    });
    await this.#tracked.promise;
    if (this.#closed) return;
    await consumer.resume();
    if (this.#closed || track.kind !== 'video') return;
    this.#keyFrames = resources.every(keyFrameMs, () => this.requestKeyFrame());
    this.#layers = resources.every(LAYER_MS, () => void this.#chooseBestLayer(consumer));
  }

  /**
   * mediasoup looks at a stream that begins later, such as the larger one of a window that has grown, when its first
   * sender report comes, and may not be able to switch to it then. Transports that estimate bandwidth look again and
   * again; a plain one does when what the consumer prefers changes.
   */
  async #chooseBestLayer(consumer: Consumer): Promise<void> {
    const spatialLayer = layerBelowBest(consumer);
    const wanted = this.#preferred;
    if (spatialLayer === undefined || !wanted || consumer.closed) return;
    try {
      // The first of them changes nothing of what is sent.
      await Promise.all([
        consumer.setPreferredLayers({ ...wanted, spatialLayer }),
        consumer.setPreferredLayers(wanted),
      ]);
    } catch (err) {
      // It may have closed meanwhile.
      this.#options.log.debug({ err }, 'layers were not chosen again');
    }
  }
}

function infoOf(
  recordingId: string,
  { producerId, trackId, participantId, kind, source, epoch }: RoomTrack,
  port: number,
  { rtpParameters }: Consumer,
): RecordedTrackInfo {
  const [codec] = rtpParameters.codecs;
  const ssrc = rtpParameters.encodings?.[0]?.ssrc;
  if (!codec || ssrc === undefined) throw new Error('a consumer without a codec');
  return {
    ...{ key: producerId, recordingId, trackId, participantId, kind, epoch, port, ssrc },
    source: source ?? USUAL_SOURCE[kind],
    codec: codec.mimeType,
    payloadType: codec.payloadType,
    clockRate: codec.clockRate,
    channels: codec.channels ?? 1,
  };
}

/** For tracks whose source an older replica did not name. */
const USUAL_SOURCE = {
  audio: 'microphone',
  video: 'camera',
} as const satisfies Record<'audio' | 'video', TrackSource>;
