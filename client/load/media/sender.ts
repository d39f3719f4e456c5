// The tracks that a publisher sends: a microphone, and a camera in layers, by the clock.
import { randomInt } from 'node:crypto';
import { NO_LAYER, type VoicesHeard } from '../../../shared/protocol/media-messages.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { SpeechGate } from '../../sdk/voice/speech-gate.ts';
import { OutgoingStream } from '../rtp/outgoing-stream.ts';
import { FRAMES_PER_SECOND, PICTURE_LAYERS, PictureFrames } from '../rtp/picture.ts';
import { readKeyFrameRequests, readLostPackets } from '../rtp/rtcp.ts';
import { SentPackets } from '../rtp/sent-packets.ts';
import { VOICE_FRAME_MS, type VoicePacket, voicePacket } from '../rtp/voice.ts';
import {
  AUDIO_LEVEL_ID,
  audioParameters,
  CLOCK_RATES,
  PAYLOAD_TYPES,
  videoParameters,
} from './descriptions.ts';

export interface SenderOptions {
  run: number;
  /** The camera is absent in a call without pictures. */
  trackIds: { audio: string; video?: string };
  cname: string;
  /** The clock of this process, in milliseconds. */
  now(): number;
  /** Whether the participant speaks at the moment. */
  speaks(): boolean;
  /** The participant begins to speak, in a room where the server chooses voices. */
  claim(trackId: string): void;
  /** @returns whether it was sent */
  send(packet: Buffer): boolean;
  /** The highest layer of a track that anybody receives. The others are not sent. */
  highestLayer(trackId: string): number;
}

/** A packet of the voice that is to be sent, and when it was due. */
interface DueVoice {
  packet: VoicePacket;
  dueMs: number;
}

interface Layer {
  readonly stream: OutgoingStream;
  readonly frames: PictureFrames;
  readonly sent: SentPackets;
  isSent: boolean;
}

/** Packets are due at their own times; the timer only looks often enough: hundreds of them cost as much as what is sent. */
const TICK_MS = { voice: VOICE_FRAME_MS, picture: 10 };
const REPORT_EVERY_MS = 1_000;
const PICTURE_MS = 1_000 / FRAMES_PER_SECOND;
/** Later frames are left out and counted: sent all at once they would be a burst that no camera makes. */
const LATEST_MS = 200;

export class Sender {
  readonly #options: SenderOptions;
  readonly #voice: OutgoingStream;
  readonly #layers: readonly Layer[];
  /** As in a browser: the first word waits until others receive it. */
  readonly #gate = new SpeechGate<DueVoice>();
  #startedMs = 0;
  #voiceFrames = 0;
  #pictures = 0;
  #reports = 0;
  #spoke = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #missed = 0;
  #sentPackets = 0;
  #sentBytes = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#voice = streamOf('audio', options.run);
    this.#layers =
      options.trackIds.video === undefined
        ? []
        : PICTURE_LAYERS.map((layer) => ({
            stream: streamOf('video', options.run),
            frames: new PictureFrames(layer, randomInt(0x7fff)),
            sent: new SentPackets(),
            isSent: true,
          }));
  }

  /** The ids of what it sends. */
  get tracks(): string[] {
    return Object.values(this.#options.trackIds);
  }

  /** Both tracks as they are published on a media session. */
  publications(epoch: number): MethodParams<'publish'>[] {
    const { trackIds, cname } = this.#options;
    const microphone: MethodParams<'publish'> = {
      ...{ epoch, trackId: trackIds.audio, kind: 'audio', source: 'microphone', muted: false },
      rtpParameters: audioParameters(this.#voice.ssrc, cname),
    };
    if (trackIds.video === undefined) return [microphone];
    const ssrcs = this.#layers.map(({ stream }) => stream.ssrc);
    return [
      microphone,
      {
        ...{ epoch, trackId: trackIds.video, kind: 'video', source: 'camera', muted: false },
        rtpParameters: videoParameters(ssrcs, cname),
      },
    ];
  }

  get sentPackets(): number {
    return this.#sentPackets;
  }

  /** Payload alone. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Frames that were left out since they were late. */
  get missedFrames(): number {
    return this.#missed;
  }

  /** Begins to send. Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#startedMs = this.#options.now();
    const tickMs = this.#layers.length > 0 ? TICK_MS.picture : TICK_MS.voice;
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#tick();
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** The server says whose voices are heard. */
  choose(voices: VoicesHeard | undefined): void {
    this.#sendVoice(this.#gate.choose(voices === 'chosen'));
  }

  /** Others receive the voice now, or are not waited for. */
  letGo(): void {
    this.#sendVoice(this.#gate.letGo());
  }

  /** @param packet RTCP of the server */
  onControl(packet: Buffer): void {
    for (const ssrc of readKeyFrameRequests(packet)) {
      this.#layers.find(({ stream }) => stream.ssrc === ssrc)?.frames.requestKeyFrame();
    }
    // As a browser does: without it each lost packet is a picture that stands still until the next key frame.
    for (const { ssrc, sequence } of readLostPackets(packet)) {
      const bytes = this.#layers.find(({ stream }) => stream.ssrc === ssrc)?.sent.get(sequence);
      if (bytes) this.#options.send(bytes);
    }
  }

  #tick(): void {
    const elapsedMs = this.#options.now() - this.#startedMs;
    for (; this.#voiceFrames * VOICE_FRAME_MS <= elapsedMs; this.#voiceFrames++) {
      this.#speak(this.#voiceFrames * VOICE_FRAME_MS, elapsedMs);
    }
    for (; this.#pictures * PICTURE_MS <= elapsedMs; this.#pictures++) {
      this.#show(this.#pictures * PICTURE_MS, elapsedMs);
    }
    if (this.#reports * REPORT_EVERY_MS > elapsedMs) return;
    this.#reports = Math.floor(elapsedMs / REPORT_EVERY_MS) + 1;
    const pictures = this.#layers.filter(({ isSent }) => isSent).map(({ stream }) => stream);
    for (const stream of [this.#voice, ...pictures]) {
      this.#options.send(stream.report(this.#options.cname, elapsedMs, Date.now()));
    }
  }

  #speak(dueMs: number, elapsedMs: number): void {
    const speaks = this.#options.speaks();
    if (elapsedMs - dueMs > LATEST_MS) {
      if (speaks) this.#missed++;
      return;
    }
    const packet = voicePacket(this.#voiceFrames, speaks, this.#spoke);
    this.#spoke = speaks;
    if (!packet) return;
    const { send, begins } = this.#gate.push({ packet, dueMs }, { isActive: speaks }, elapsedMs);
    if (begins) this.#options.claim(this.#options.trackIds.audio);
    this.#sendVoice(send);
  }

  #sendVoice(due: readonly DueVoice[]): void {
    for (const { packet, dueMs } of due) {
      const { payload, marker } = packet;
      const level =
        AUDIO_LEVEL_ID === undefined ? {} : { level: { id: AUDIO_LEVEL_ID, ...packet.level } };
      const at = { elapsedMs: dueMs, nowMs: this.#options.now() };
      this.#send(this.#voice.packet(payload, at, { marker, ...level }), payload.length);
    }
  }

  #show(dueMs: number, elapsedMs: number): void {
    if (elapsedMs - dueMs > LATEST_MS) {
      this.#missed += this.#layers.length;
      return;
    }
    this.#switchLayers();
    for (const { stream, frames, sent, isSent } of this.#layers) {
      if (!isSent) continue;
      const payloads = frames.next();
      payloads.forEach(({ payload, hasRoom }, index) => {
        const at = { elapsedMs: dueMs, nowMs: this.#options.now() };
        const marker = index === payloads.length - 1;
        const packet = stream.packet(payload, at, { marker, hasRoom });
        sent.add(packet.readUInt16BE(2), packet);
        this.#send(packet, payload.length);
      });
    }
  }

  /** As an encoder does, a layer that comes back begins with a key frame. */
  #switchLayers(): void {
    const { trackIds, highestLayer } = this.#options;
    const highest = trackIds.video === undefined ? NO_LAYER : highestLayer(trackIds.video);
    for (const [index, layer] of this.#layers.entries()) {
      const isSent = index <= highest;
      if (isSent && !layer.isSent) layer.frames.requestKeyFrame();
      layer.isSent = isSent;
    }
  }

  #send(packet: Buffer, payloadBytes: number): void {
    if (!this.#options.send(packet)) return;
    this.#sentPackets++;
    this.#sentBytes += payloadBytes;
  }
}

function streamOf(kind: 'audio' | 'video', run: number): OutgoingStream {
  return new OutgoingStream({
    ssrc: randomInt(1, 0xffffffff),
    payloadType: PAYLOAD_TYPES[kind],
    clockRate: CLOCK_RATES[kind],
    run,
    firstSequence: randomInt(0x7fff),
    firstTimestamp: randomInt(0xffffffff),
  });
}
