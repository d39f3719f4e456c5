// A camera or a microphone that nobody waits for: packets and sender reports by a clock of its own, over a bad network.
import { writeRtp } from '../../../client/load/rtp/packet.ts';
import { recordedPicture } from '../../../client/load/rtp/recorded-picture.ts';
import { writeSenderReport } from '../../../client/load/rtp/rtcp.ts';
import { temporalLayerOf, vp8Payloads } from '../../../client/load/rtp/vp8.ts';

export interface SimulatedSenderOptions {
  kind: 'audio' | 'video';
  /** UTC milliseconds of its first frame. */
  startMs: number;
  /** How much faster its clock is than ours, in millionths. */
  driftPpm: number;
  /** What is marked: the first frame captured at each of these UTC milliseconds or after it, 50 at most. */
  flashesMs: readonly number[];
  /** Makes it the same in each run. */
  seed: number;
}

export interface Datagram {
  /** UTC milliseconds. */
  arrivesAt: number;
  bytes: Buffer;
}

/** Each is a frame of sound, or a picture at 30 a second of 150 kbit/s. */
const KINDS = {
  audio: { clockRate: 48_000, frameTicks: 960, payloadType: 100, reportMs: 5_000 },
  video: { clockRate: 90_000, frameTicks: 3_000, payloadType: 101, reportMs: 1_000 },
} as const;
/** The first marked frame has so many bytes, the next one more: no other frame has as many. */
export const MARKED_BYTES = { audio: 200, video: 900 } as const;
const PICTURE = recordedPicture(320, 180);
const KEY_BYTES = 3_000;
/** Hybrid Opus of 20 ms, one frame a packet (RFC 6716 §3.1). */
const OPUS_TOC = 0x78;
/** A request for a key frame takes as long to come, and to be obeyed. */
const KEY_FRAME_MS = 80;
/** Packets that get lost do so together. */
const LOST_TOGETHER = 3;
const LOSSES_A_SECOND = 1 / 15;
/** Marked frames can be compared only if they arrive: nothing is lost that late before one, nor that soon after. */
const SAFE_MS = { before: 4_000, after: 500 };
const NETWORK = { leastMs: 15, jitterMs: 12, waveMs: 30, waveEveryMs: 17_000, lateShare: 0.01 };
const LATE_MS = 60;
/** A recorder takes the first packet that it sees for the first one: those before it would be missing. */
const IN_ORDER_MS = 1_000;
/** Reports are of whole milliseconds, and of a time that is estimated. */
const REPORT_NOISE_MS = 2;

export class SimulatedSender {
  readonly ssrc: number;
  /** When marked frames were captured: UTC milliseconds, by their number. */
  readonly marked: number[] = [];
  /** What a recorder that asks for key frames can have in its files: frames. */
  expected = 0;
  lost = 0;
  readonly #options: SimulatedSenderOptions;
  readonly #random: () => number;
  readonly #firstTicks: number;
  #sequence: number;
  #frame = 0;
  #sinceKey = 0;
  /** The next frame captured after this is a key frame. */
  #keyAt: number | undefined;
  #isBroken = false;
  #losing = 0;
  #reportAt: number;

  constructor(options: SimulatedSenderOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    this.ssrc = 1 + Math.floor(this.#random() * 0xffff_0000);
    // Both wrap within the hour.
    this.#firstTicks = 0xffff_ffff - 90_000 * 60;
    this.#sequence = 0xffff - 1_000;
    this.#reportAt = options.startMs + 300;
  }

  get format() {
    const { kind } = this.#options;
    const { payloadType, clockRate } = KINDS[kind];
    const of = { ssrc: this.ssrc, payloadType, clockRate };
    return kind === 'audio'
      ? { ...of, codec: 'audio/opus', channels: 2 }
      : { ...of, codec: 'video/VP8', channels: 1 };
  }

  /** @param nowMs UTC milliseconds of the request */
  requestKeyFrame(nowMs: number): void {
    this.#keyAt ??= nowMs + KEY_FRAME_MS;
  }

  /** All that it sends up to this time. @param untilMs UTC milliseconds */
  send(untilMs: number): Datagram[] {
    const sent: Datagram[] = [];
    for (;;) {
      const capturedAt = this.#capturedAt(this.#frame);
      if (Math.min(capturedAt, this.#reportAt) >= untilMs) return sent;
      if (this.#reportAt < capturedAt) sent.push(this.#report());
      else this.#sendFrame(capturedAt, sent);
    }
  }

  #capturedAt(frame: number): number {
    const { kind, startMs, driftPpm } = this.#options;
    const { clockRate, frameTicks } = KINDS[kind];
    return startMs + (frame * frameTicks * 1_000) / clockRate / (1 + driftPpm / 1e6);
  }

  #sendFrame(capturedAt: number, sent: Datagram[]): void {
    const { kind, flashesMs } = this.#options;
    const { frameTicks, payloadType } = KINDS[kind];
    const isMarked = capturedAt >= (flashesMs[this.marked.length] ?? Infinity);
    const isKey =
      kind === 'video' &&
      !isMarked &&
      (this.#frame === 0 || capturedAt >= (this.#keyAt ?? Infinity));
    if (isKey) this.#keyAt = undefined;
    this.#sinceKey = isKey ? 0 : this.#sinceKey + 1;
    const bytes = isMarked ? MARKED_BYTES[kind] + this.marked.length : undefined;
    const payloads = kind === 'audio' ? [this.#sound(bytes)] : this.#picture(isKey, bytes);
    if (isMarked) this.marked.push(capturedAt);
    const timestamp = (this.#firstTicks + this.#frame * frameTicks) >>> 0;
    let isWhole = true;
    payloads.forEach((payload, index) => {
      const sequence = this.#sequence;
      this.#sequence = (sequence + 1) & 0xffff;
      if (this.#loses(capturedAt)) {
        isWhole = false;
        return;
      }
      const marker = kind === 'video' && index === payloads.length - 1;
      const packet = { payloadType, marker, sequence, timestamp, ssrc: this.ssrc, payload };
      sent.push({ arrivesAt: this.#arrival(capturedAt), bytes: writeRtp(packet) });
    });
    this.#frame++;
    this.#isBroken = kind === 'video' && (!isWhole || (this.#isBroken && !isKey));
    if (isWhole && !this.#isBroken) this.expected++;
  }

  #picture(isKey: boolean, marked: number | undefined): Uint8Array[] {
    const usual = 500 + Math.floor(this.#random() * 250);
    const { temporalLayer, isSync } = temporalLayerOf(this.#sinceKey);
    return vp8Payloads({
      coded: isKey ? PICTURE.key : PICTURE.still,
      bytes: marked ?? (isKey ? KEY_BYTES : usual),
      ...{ pictureId: this.#frame & 0x7fff, baseIndex: (this.#frame >> 2) & 0xff },
      ...{ temporalLayer, isSync },
    }).map(({ payload }) => payload);
  }

  #sound(marked: number | undefined): Uint8Array {
    const payload = new Uint8Array(marked ?? 40 + Math.floor(this.#random() * 40));
    payload[0] = OPUS_TOC;
    return payload;
  }

  /** As a media server makes them: which timestamp is captured at this time of its own clock. */
  #report(): Datagram {
    const { kind, startMs, driftPpm } = this.#options;
    const { clockRate, reportMs } = KINDS[kind];
    const at = this.#reportAt;
    this.#reportAt += reportMs;
    const elapsed = ((at - startMs) * (1 + driftPpm / 1e6) * clockRate) / 1_000;
    const bytes = writeSenderReport({
      ssrc: this.ssrc,
      sentAtMs: Math.floor(at + (this.#random() * 2 - 1) * REPORT_NOISE_MS),
      timestamp: (this.#firstTicks + Math.round(elapsed)) >>> 0,
      ...{ packets: 0, bytes: 0, cname: kind },
    });
    return { arrivesAt: this.#arrival(at), bytes };
  }

  #loses(atMs: number): boolean {
    const { flashesMs, kind } = this.#options;
    const { clockRate, frameTicks } = KINDS[kind];
    const next = flashesMs[this.marked.length] ?? Infinity;
    const last = flashesMs[this.marked.length - 1] ?? this.#options.startMs;
    if (atMs > next - SAFE_MS.before || atMs < last + SAFE_MS.after) this.#losing = 0;
    else if (this.#losing === 0 && this.#random() < (LOSSES_A_SECOND * frameTicks) / clockRate) {
      this.#losing = 1 + Math.floor(this.#random() * LOST_TOGETHER);
    }
    if (this.#losing === 0) return false;
    this.#losing--;
    this.lost++;
    return true;
  }

  #arrival(atMs: number): number {
    const { leastMs, jitterMs, waveMs, waveEveryMs, lateShare } = NETWORK;
    if (atMs - this.#options.startMs < IN_ORDER_MS) return atMs + leastMs + waveMs;
    const wave = waveMs * (1 + Math.sin((atMs / waveEveryMs) * 2 * Math.PI));
    const late = this.#random() < lateShare ? LATE_MS : 0;
    return atMs + leastMs + wave + this.#random() * jitterMs + late;
  }
}

/** Numbers from 0 up to 1 that look random (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
