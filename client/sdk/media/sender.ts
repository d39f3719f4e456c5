// The tracks sent on one media session: one loop makes them equal to the wanted ones and informs the server.
import type { Device, types } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import { type VideoCodec, videoEncodings } from '../../../shared/media/media.ts';
import { RtpParameters } from '../../../shared/media/rtp.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import { BandwidthWatch } from './bandwidth-watch.ts';
import type { LocalEntry } from './local-tracks.ts';
import type { MediaRequest } from './media-request.ts';
import { resizedEncodings, sendingOptions, sizeOf } from './sending-options.ts';

export interface SenderOptions {
  epoch: number;
  transport: types.Transport;
  device: Device;
  videoCodec: VideoCodec;
  requestMedia: MediaRequest;
  /** The tracks to send, at this moment. */
  wanted(): readonly LocalEntry[];
  /** Whether tracks may begin here: only on the newest session. */
  mayBegin(): boolean;
  /** The server refused a track that we had begun to send, or the browser cannot send it. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
}

/** How often a track is published, while the refusals are temporary. */
const PUBLISH_ATTEMPTS = 4;
const PUBLISH_RETRY_MS = 1_000;
/** How often the browser is asked to send the same media, and the wait after a failure. */
const SEND_ATTEMPTS = 3;
const SEND_RETRY_MS = 500;
/** A shared window or a phone's camera changes its size while it is sent. No event reports it. */
const LOOK_AT_SIZES_EVERY_MS = 2_000;

/** The comparison of one track, while it goes on. */
interface Comparison {
  /** Something changed meanwhile: compare once more. */
  again: boolean;
}

/** A track that the browser could not send, and the number of attempts. */
interface Failure {
  readonly track: MediaStreamTrack;
  readonly attempts: number;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #comparisons = new Map<string, Comparison>();
  readonly #failures = new Map<string, Failure>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  readonly #producers = new Map<string, types.Producer>();
  readonly #published = new Map<string, RtpParameters>();
  readonly #sizes: ReturnType<typeof setInterval>;
  readonly #bandwidth = new BandwidthWatch(() => this.#producers.values());
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#sizes = setInterval(() => {
      for (const producer of this.#producers.values()) void this.#fitLayers(producer);
    }, LOOK_AT_SIZES_EVERY_MS);
    options.transport.on('produce', ({ appData, rtpParameters }, done) => {
      // Resolved at once: the server takes our id, and a refusal comes later as an error.
      const entry = appData.entry as LocalEntry;
      this.#published.set(entry.id, toWire(RtpParameters, rtpParameters));
      done({ id: entry.id });
      this.#requestPublish(entry);
    });
  }

  /** Makes what is sent equal to what is wanted. Called whenever that may have changed. */
  reconcile(): void {
    const wanted = this.#options.wanted();
    const ids = new Set(wanted.map(({ id }) => id));
    for (const id of [...this.#producers.keys()]) if (!ids.has(id)) this.#stop(id);
    for (const entry of wanted) void this.#settle(entry);
  }

  /** @param known the tracks of ours that the server knows */
  publishAgain(entries: readonly LocalEntry[], known: ReadonlySet<string>): void {
    for (const entry of entries) if (!known.has(entry.id)) this.#requestPublish(entry);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sizes);
    this.#bandwidth.close();
    for (const timer of this.#retries) clearTimeout(timer);
    this.#options.transport.close();
  }

  /** Compares one track until nothing differs. Only one comparison of a track goes on at a time. */
  async #settle(entry: LocalEntry): Promise<void> {
    const running = this.#comparisons.get(entry.id);
    if (running) {
      running.again = true;
      return;
    }
    const comparison: Comparison = { again: true };
    this.#comparisons.set(entry.id, comparison);
    while (comparison.again && !this.#closed && !entry.closed) {
      comparison.again = false;
      const { track } = entry;
      try {
        await this.#compare(entry, track);
        this.#failures.delete(entry.id);
      } catch (error) {
        // A track that ended or was replaced meanwhile need not be sent.
        if (entry.track === track && track.readyState === 'live') this.#onFailure(entry, error);
      }
      if (entry.track !== track) comparison.again = true;
    }
    this.#comparisons.delete(entry.id);
  }

  async #compare(entry: LocalEntry, track: MediaStreamTrack): Promise<void> {
    // Its owner replaces an ended track, or unpublishes it.
    const isLive = track.readyState === 'live';
    let producer = this.#producers.get(entry.id);
    if (!producer) {
      if (!isLive || !this.#options.mayBegin()) return;
      producer = await this.#produce(entry, track);
      if (this.#closed || entry.closed) return producer.close();
      this.#producers.set(entry.id, producer);
    } else if (isLive && producer.track !== track) {
      await producer.replaceTrack({ track });
      await this.#fitLayers(producer);
    }
    if (producer.closed || producer.paused === entry.muted) return;
    if (entry.muted) producer.pause();
    else producer.resume();
  }

  /** Waits for the local negotiation only. */
  #produce(entry: LocalEntry, track: MediaStreamTrack): Promise<types.Producer> {
    const { transport, device, videoCodec } = this.#options;
    return transport.produce({
      track,
      // Its owner stops it, not we; and a mute must not disable the owner's track.
      stopTracks: false,
      disableTrackOnPause: false,
      // Muted: no packets are sent, instead of silence.
      zeroRtpOnPause: true,
      ...sendingOptions(device, entry.source, videoCodec, sizeOf(track)),
      appData: { entry },
    });
  }

  #onFailure(entry: LocalEntry, cause: unknown): void {
    if (this.#closed || entry.closed) return;
    const before = this.#failures.get(entry.id);
    const attempts = before?.track === entry.track ? before.attempts + 1 : 1;
    this.#failures.set(entry.id, { track: entry.track, attempts });
    if (attempts < SEND_ATTEMPTS) {
      const timer = setTimeout(() => {
        this.#retries.delete(timer);
        void this.#settle(entry);
      }, SEND_RETRY_MS);
      this.#retries.add(timer);
    } else {
      this.#failures.delete(entry.id);
      this.#options.onRefused(entry, ParleyError.from(cause));
    }
  }

  #stop(trackId: string): void {
    this.#producers.get(trackId)?.close();
    this.#producers.delete(trackId);
    this.#published.delete(trackId);
    this.#failures.delete(trackId);
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
    // A browser that refuses keeps its layers. It is asked again soon.
    await rtpSender.setParameters({ ...parameters, encodings }).catch(() => {});
  }

  #requestPublish(entry: LocalEntry, attempt = 1): void {
    const { epoch, requestMedia } = this.#options;
    const { id: trackId, source } = entry;
    const kind = entry.track.kind === 'audio' ? 'audio' : 'video';
    requestMedia(
      'publish',
      trackId,
      () => {
        const rtpParameters = this.#published.get(trackId);
        const { muted } = entry;
        // Unpublished before the browser had negotiated it: the server must not get it.
        if (!rtpParameters || entry.closed) return undefined;
        return { epoch, trackId, kind, source, muted, rtpParameters };
      },
      (refusal) => {
        // For example, a worker has just died: either another session comes, or a later attempt succeeds.
        if (refusal.retryable && attempt < PUBLISH_ATTEMPTS) {
          setTimeout(() => this.#requestPublish(entry, attempt + 1), PUBLISH_RETRY_MS);
        } else {
          this.#options.onRefused(entry, refusal);
        }
      },
    );
  }
}
