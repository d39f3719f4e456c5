// What is sent on one media session: a producer for each local track, and telling the server of it.
import type { Device, types } from 'mediasoup-client';
import type { ParleyError } from '../../../shared/errors.ts';
import { type VideoCodec, videoEncodings } from '../../../shared/media/media.ts';
import { RtpParameters } from '../../../shared/media/rtp.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { LocalEntry } from './local-tracks.ts';
import type { MediaRequest } from './media-request.ts';
import { resizedEncodings, sendingOptions, sizeOf } from './sending-options.ts';

export interface SenderOptions {
  epoch: number;
  transport: types.Transport;
  device: Device;
  videoCodec: VideoCodec;
  tell: MediaRequest;
  /** The server refused a track that we had begun to send. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
}

/** How often a track is published, while the refusal is of the kind that passes. */
const PUBLISH_ATTEMPTS = 4;
const PUBLISH_RETRY_MS = 1_000;
/** A window that is shared, or a phone's camera, changes its size while it is sent; no event says so. */
const LOOK_AT_SIZES_EVERY_MS = 2_000;

export class Sender {
  readonly #options: SenderOptions;
  readonly #producers = new Map<string, types.Producer>();
  readonly #published = new Map<string, RtpParameters>();
  readonly #sizes: ReturnType<typeof setInterval>;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#sizes = setInterval(() => {
      for (const producer of this.#producers.values()) void this.#fitLayers(producer);
    }, LOOK_AT_SIZES_EVERY_MS);
    options.transport.on('produce', ({ appData, rtpParameters }, done) => {
      // Answered at once: the server takes our id, and a refusal comes back as an error later.
      const entry = appData.entry as LocalEntry;
      this.#published.set(entry.id, toWire(RtpParameters, rtpParameters));
      done({ id: entry.id });
      this.#tellPublish(entry);
    });
  }

  /** Sends a track. Nothing is waited for but the local negotiation. */
  async produce(entry: LocalEntry): Promise<void> {
    if (this.#producers.has(entry.id) || this.#closed) return;
    const { transport, device, videoCodec } = this.#options;
    const producer = await transport.produce({
      track: entry.track,
      // Its owner stops it, not we; and a mute must not disable the owner's track.
      stopTracks: false,
      disableTrackOnPause: false,
      // Muted means that nothing is sent, not that silence is.
      zeroRtpOnPause: true,
      ...sendingOptions(device, entry.source, videoCodec, sizeOf(entry.track)),
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
      await this.#fitLayers(producer);
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

  /** @param known the tracks of ours that the server knows */
  publishAgain(entries: readonly LocalEntry[], known: ReadonlySet<string>): void {
    for (const entry of entries) if (!known.has(entry.id)) this.#tellPublish(entry);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sizes);
    this.#options.transport.close();
  }

  /** The layers of a picture that has another size now. */
  async #fitLayers({ closed, track, rtpSender, appData }: types.Producer): Promise<void> {
    if (closed || !rtpSender || track?.kind !== 'video') return;
    const { source } = appData.entry as LocalEntry;
    const parameters = rtpSender.getParameters();
    // Only simulcast has layers to change, and those are the same for every codec that has it.
    const wanted = videoEncodings(source, 'VP8', sizeOf(track));
    const encodings = resizedEncodings(parameters.encodings, wanted);
    if (!encodings) return;
    // A browser that refuses goes on with the layers it has; it is asked again before long.
    await rtpSender.setParameters({ ...parameters, encodings }).catch(() => {});
  }

  #tellPublish(entry: LocalEntry, attempt = 1): void {
    const { epoch, tell } = this.#options;
    const { id: trackId, source } = entry;
    const kind = entry.track.kind === 'audio' ? 'audio' : 'video';
    tell(
      'publish',
      trackId,
      () => {
        const rtpParameters = this.#published.get(trackId);
        const { muted } = entry;
        return rtpParameters && { epoch, trackId, kind, source, muted, rtpParameters };
      },
      (refusal) => {
        // A worker that just died, say: either another session comes, or it works a little later.
        if (refusal.retryable && attempt < PUBLISH_ATTEMPTS) {
          setTimeout(() => this.#tellPublish(entry, attempt + 1), PUBLISH_RETRY_MS);
        } else {
          this.#options.onRefused(entry, refusal);
        }
      },
    );
  }
}
