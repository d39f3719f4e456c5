// A sender of generated pictures or sound: its packets, with the times at which they arrive.
import { rtp, senderReport, vp8Frame, vp8Payloads } from './packets.ts';
import type { Datagram } from './recorded.ts';

export const START = Date.UTC(2026, 10, 28, 18);
export const HD = { width: 1280, height: 720 };

interface SenderOptions {
  /** RTP timestamp of the first frame. */
  timestamp?: number;
  sequence?: number;
  /** Packets are no larger. */
  packetBytes?: number;
  markers?: boolean;
  /** How long packets are on their way. Milliseconds. */
  delayMs?: number;
}

/** The body of a frame says which one it is. */
export function bodyOf(index: number, bytes: number): Buffer {
  const body = Buffer.alloc(Math.max(4, bytes), index & 0xff);
  body.writeUInt32BE(index, 0);
  return body;
}

export class Sender {
  readonly #kind: 'audio' | 'video';
  readonly #packetBytes: number;
  readonly #markers: boolean;
  readonly #delayMs: number;
  #timestamp: number;
  #sequence: number;
  #frames = 0;
  /** UTC milliseconds of the next frame's capture. */
  now = START;

  constructor(kind: 'audio' | 'video', options: SenderOptions = {}) {
    this.#kind = kind;
    this.#timestamp = options.timestamp ?? 0xffff_0000;
    this.#sequence = options.sequence ?? 65_500;
    this.#packetBytes = options.packetBytes ?? 1_200;
    this.#markers = options.markers ?? true;
    this.#delayMs = options.delayMs ?? 10;
  }

  get #rate(): number {
    return this.#kind === 'audio' ? 48 : 90;
  }

  get frames(): number {
    return this.#frames;
  }

  /** One frame, and time goes on. @param key the size of a key frame */
  frame(
    key: false | { width: number; height: number } = false,
    bytes = 100,
    stepMs?: number,
  ): Datagram[] {
    const body = bodyOf(this.#frames++, bytes);
    const payloads =
      this.#kind === 'audio'
        ? [Buffer.concat([Buffer.from([0xfc]), body])]
        : vp8Payloads(vp8Frame(key, body), this.#packetBytes);
    const arrivedAt = this.now + this.#delayMs;
    const packets = payloads.map((payload, index) => {
      const marker = this.#markers && index === payloads.length - 1;
      const header = { sequence: this.#sequence++, timestamp: this.#timestamp, marker };
      return { bytes: rtp(header, payload), arrivedAt };
    });
    this.pass(stepMs ?? (this.#kind === 'audio' ? 20 : 1_000 / 30));
    return packets;
  }

  /** Frames, of which each so many is a key frame. */
  run(count: number, keyEvery = 30, size = HD, bytes = 100): Datagram[] {
    return Array.from({ length: count }, (_, index) =>
      this.frame(index % keyEvery === 0 && this.#kind === 'video' ? size : false, bytes),
    ).flat();
  }

  /** Frames without a key frame among them. */
  more(count: number): Datagram[] {
    return Array.from({ length: count }, () => this.frame()).flat();
  }

  /** Time goes on, by the clock and by RTP's. */
  pass(ms: number, rtpMs = ms): void {
    this.now += ms;
    this.#timestamp += Math.round(rtpMs * this.#rate);
  }

  /** Packets that are sent and never arrive. */
  lose(packets: number): void {
    this.#sequence += packets;
  }

  /** @param errorMs how far its clock is from ours */
  report(errorMs = 0): Datagram {
    return {
      bytes: senderReport(this.now + errorMs, this.#timestamp),
      arrivedAt: this.now + this.#delayMs,
    };
  }
}
