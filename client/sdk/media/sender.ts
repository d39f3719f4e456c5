// The tracks sent on one media session: one loop makes them equal to the wanted ones and informs the server.
import type { Device, types } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import { videoEncodings } from '../../../shared/media/media.ts';
import type { RtpParameters } from '../../../shared/media/rtp.ts';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { Demand } from '../../../shared/protocol/media-messages.ts';
import type { PreparedTrack } from '../prepared/prepared-transports.ts';
import type { VoiceGates } from '../voice/voice-gates.ts';
import { BandwidthWatch } from './bandwidth-watch.ts';
import type { CodecChoice } from './encodings/codec-choice.ts';
import { OlderTakes } from './encodings/older-takes.ts';
import { Publications, type PublicationsOptions } from './encodings/publications.ts';
import { publishedOf, type Sent, sentOf } from './encodings/sent.ts';
import { demandedEncodings, highestLayer, newerDemand } from './layers/demanded-layers.ts';
import { changeEncodings } from './layers/encoding-changes.ts';
import type { LocalEntry } from './local-tracks.ts';
import type { MediaRequest } from './media-request.ts';
import { PRODUCER_OPTIONS, resizedEncodings, sendingOptions, sizeOf } from './sending-options.ts';

export interface SenderOptions extends Pick<PublicationsOptions, 'onAnswer'> {
  epoch: number;
  transport: types.Transport;
  device: Device;
  codecs: Pick<CodecChoice, 'current' | 'settling'>;
  requestMedia: MediaRequest;
  /** Tracks that were negotiated before the join. The server does not know them yet. */
  prepared?: readonly PreparedTrack[];
  /** The tracks to send, at this moment. */
  wanted(): readonly LocalEntry[];
  /** Whether tracks may begin here: only on the newest session. */
  mayBegin(kind: string): boolean;
  voices: Pick<VoiceGates, 'areWanted' | 'has' | 'prepare' | 'add'>;
  /** The server refused a track that we had begun to send, or the browser cannot send it. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
}

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
  readonly publications: Publications;
  /** Those that go on for a moment after another codec took their place. */
  readonly #older = new OlderTakes();
  /** Tracks whose codec the server cannot change: one of an older release. */
  readonly #fixed = new Set<string>();
  /** Tracks that were negotiated before the join, until they are published. */
  readonly #unpublished = new Map<string, RtpParameters>();
  readonly #sizes: ReturnType<typeof setInterval>;
  #demand: Demand | undefined;
  readonly #bandwidth = new BandwidthWatch(() => this.#producers.values());
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.publications = new Publications({
      ...options,
      onTake: (trackId, taken) => this.#onTake(trackId, taken),
    });
    this.#sizes = setInterval(() => {
      this.#fitAll();
    }, LOOK_AT_SIZES_EVERY_MS);
    for (const track of options.prepared ?? []) this.#takeOver(track);
    options.transport.on('produce', ({ appData, rtpParameters }, done) => {
      // Resolved at once: the server takes our id, and a refusal comes later as an error.
      const { entry, take } = sentOf(appData);
      done({ id: take === 0 ? entry.id : `${entry.id}.${take}` });
      this.publications.publish(entry, publishedOf(appData, rtpParameters));
    });
  }

  /** Makes what is sent equal to what is wanted. Called whenever that may have changed. */
  reconcile(): void {
    const wanted = this.#options.wanted();
    const ids = new Set(wanted.map(({ id }) => id));
    for (const id of [...this.#producers.keys()]) if (!ids.has(id)) this.#stop(id);
    for (const entry of wanted) void this.#settle(entry);
  }

  /** What is received of our tracks. Undefined: everything, as far as the server says. */
  demanded(demand: Demand | undefined): void {
    this.#demand = newerDemand(this.#demand, demand);
    this.#fitAll();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sizes);
    this.#bandwidth.close();
    this.#older.close();
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
    // The codec is chosen by what the device does well, which may not be known yet.
    const { settling } = this.#options.codecs;
    if (settling && track.kind === 'video') await settling;
    let producer = this.#producers.get(entry.id);
    if (!producer) {
      if (!isLive || !this.#options.mayBegin(track.kind)) return;
      producer = await this.#produce(entry, track);
      if (this.#closed || entry.closed) return producer.close();
      this.#producers.set(entry.id, producer);
    } else if (this.#unpublished.has(entry.id)) {
      if (!this.#options.mayBegin(track.kind)) return;
      this.#publishPrepared(entry);
    }
    // A track that was muted before the join is attached when it is unmuted: not a packet of it is sent.
    const isHeldBack = entry.muted && producer.track === null;
    if (isLive && producer.track !== track && !isHeldBack) {
      await this.#older.of(entry.id)?.replaceTrack({ track });
      await producer.replaceTrack({ track });
      await this.#fitLayers(producer);
    }
    if (isLive && this.#isOutdated(producer)) producer = await this.#changeTake(producer, track);
    for (const each of [producer, this.#older.of(entry.id)]) {
      if (!each || each.closed || each.paused === entry.muted) continue;
      if (entry.muted) each.pause();
      else each.resume();
    }
  }

  /**
   * A track that is not wanted any more, as a camera that was switched off, ends here. So does a microphone that needs a
   * gate: this sender has none, and gets none later. Another one is made.
   */
  #takeOver({ id, codec, producer, rtpParameters }: PreparedTrack): void {
    const { wanted, voices } = this.#options;
    const entry = wanted().find((each) => each.id === id);
    const lacksGate = entry?.source === 'microphone' && voices.areWanted;
    if (!entry || lacksGate) {
      producer.close();
      if (lacksGate) void voices.prepare();
      return;
    }
    producer.appData = { entry, take: 0, codec } satisfies Sent;
    this.#producers.set(id, producer);
    this.#unpublished.set(id, rtpParameters);
  }

  #publishPrepared(entry: LocalEntry): void {
    const rtpParameters = this.#unpublished.get(entry.id);
    this.#unpublished.delete(entry.id);
    if (rtpParameters) this.publications.publish(entry, { take: 0, rtpParameters });
  }

  /** Waits for the local negotiation only, and for a gate where one is wanted. */
  async #produce(entry: LocalEntry, track: MediaStreamTrack, take = 0): Promise<types.Producer> {
    const { transport, device, codecs, voices, epoch } = this.#options;
    const isVoice = entry.source === 'microphone';
    if (isVoice && voices.areWanted) await voices.prepare();
    const sentAs = codecs.current(device);
    const { codec } = sentAs;
    let onEnd = () => {};
    const producer = await transport.produce({
      track,
      ...PRODUCER_OPTIONS,
      onRtpSender: (sender) => {
        if (isVoice) onEnd = voices.add(sender, epoch, entry.id);
      },
      ...sendingOptions(device, entry.source, sentAs, sizeOf(track)),
      appData: { entry, take, codec } satisfies Sent,
    });
    if (isVoice) producer.observer.once('close', onEnd);
    return producer;
  }

  /**
   * Whether a picture is sent with another codec than it should be, or a microphone past the gate that it needs since
   * the room has become large. On an older session that does not matter.
   */
  #isOutdated({ kind, appData, rtpSender }: types.Producer): boolean {
    const { entry, take, codec } = sentOf(appData);
    const { codecs, device, mayBegin, voices } = this.#options;
    if (take >= LIMITS.takes || this.#fixed.has(entry.id) || !mayBegin(entry.track.kind))
      return false;
    if (kind === 'video') return codecs.current(device).codec !== codec;
    return entry.source === 'microphone' && voices.areWanted && !voices.has(rtpSender);
  }

  /** Make before break: the producer goes on until another one sends as much. @returns the newest */
  async #changeTake(before: types.Producer, track: MediaStreamTrack): Promise<types.Producer> {
    const { entry, take } = sentOf(before.appData);
    const producer = await this.#produce(entry, track, take + 1).catch(() => undefined);
    if (!producer) {
      // The browser cannot. A picture that some can see is better than none.
      this.#fixed.add(entry.id);
      return before;
    }
    this.#producers.set(entry.id, producer);
    this.#older.keep(entry.id, before, producer);
    if (this.#closed || entry.closed) this.#stop(entry.id);
    return producer;
  }

  #onTake(trackId: string, taken: boolean): void {
    if (taken) {
      this.#older.confirm(trackId);
      return;
    }
    this.#fixed.add(trackId);
    const before = this.#older.restore(trackId);
    if (!before) return;
    this.#producers.set(trackId, before);
    this.publications.restore(trackId, publishedOf(before.appData, before.rtpParameters));
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
    this.#older.end(trackId);
    this.#producers.get(trackId)?.close();
    this.#producers.delete(trackId);
    this.publications.forget(trackId);
    this.#unpublished.delete(trackId);
    this.#failures.delete(trackId);
  }

  #fitAll(): void {
    for (const producer of this.#producers.values()) void this.#fitLayers(producer);
  }

  /** The layers of a picture that has another size now, or of which others are received. */
  async #fitLayers({ closed, track, rtpSender, appData }: types.Producer): Promise<void> {
    if (closed || !rtpSender || track?.kind !== 'video') return;
    const { entry, codec } = sentOf(appData);
    const highest = highestLayer(this.#demand, entry.id);
    // A browser that refuses keeps its layers. It is asked again soon.
    await changeEncodings(rtpSender, (now) =>
      resizedEncodings(
        now,
        demandedEncodings(videoEncodings(entry.source, codec, sizeOf(track)), highest),
      ),
    );
  }
}
