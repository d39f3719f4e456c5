// One recorded track: packets and sender reports in, segments out. Pure: it has no clock, no socket and no file.
import type { LineOf } from '../manifest/lines.ts';
import { type RecordedCodec, recordedCodec } from './codecs/codecs.ts';
import { type Frame, FrameGatherer, type FrameSize } from './codecs/frames.ts';
import { OPUS_PRE_SKIP, opusHead } from './codecs/opus.ts';
import { fileHeader } from './muxer/header.ts';
import { isRtcp, parseRtp } from './rtp/packet.ts';
import { type Ordered, Reorder } from './rtp/reorder.ts';
import { type SenderReport, senderReports } from './rtp/sender-report.ts';
import { TimestampUnwrapper } from './rtp/timestamp.ts';
import { Segment, type SegmentOutput } from './segment.ts';
import { SenderClock } from './sender-clock.ts';

export interface StreamOptions {
  kind: 'audio' | 'video';
  /** As in a MIME type: `audio/opus`, `video/VP8`, `video/VP9`, `video/H264`, `video/AV1`. */
  codec: string;
  payloadType: number;
  ssrc: number;
  /** Hz. */
  clockRate: number;
  channels: number;
  limits: StreamLimits;
}

export interface StreamLimits {
  /** A packet is waited for as long as this, then it counts as lost. Milliseconds. */
  reorderMs: number;
  /** Packets that wait for earlier ones, at most. */
  reorderPackets: number;
  /** A cluster is written after this at the latest. Milliseconds. */
  clusterMs: number;
  /** A frame, and so a cluster, is at most this large; a larger one is dropped. Bytes. */
  frameBytes: number;
  /** A segment ends, and another begins with the next key frame, after this. Milliseconds. */
  segmentMs: number;
}

/** What to do, in this order. */
export type StreamOutput =
  /** A file begins: write `header`. Frames of the file follow in `append`. */
  | {
      do: 'open';
      /** The file is `webm`, or `mkv` for what WebM does not carry. */
      extension: 'webm' | 'mkv';
      header: Buffer;
      codec: string;
      width?: number;
      height?: number;
      /** UTC milliseconds of the first frame. */
      startedAt: number;
      clock: 'sender' | 'arrival';
    }
  /** What the open file needs: `append`, `clock`, `loss`, `close`. */
  | SegmentOutput
  /** Ask the sender for a key frame. */
  | { do: 'keyframe' };

type Why = LineOf<'end'>['why'];

/** A key frame costs the sender some ten frames' bandwidth, and takes a round trip to come. */
const KEY_FRAME_EVERY_MS = 500;
/** Timestamps go back by less where frames are sent in the order of decoding. Such a block gets the time of the one before. */
const BACKWARD_MS = 500;
/** A jump that is this much longer than the time in which it happened is another clock. */
const FORWARD_MS = 5_000;
/** Media that stays this far behind its arrival stood still. For sound another file costs nothing; a picture needs a key frame. */
const BEHIND_MS = { audio: 1_000, video: 5_000 } as const;
/** A sender whose report is this far from the one before has another clock, and no drift: the file would be two halves. */
const REPORT_JUMP_MS = 1_000;

export class TrackStream {
  readonly #options: StreamOptions;
  readonly #codec: RecordedCodec;
  readonly #reorder: Reorder;
  readonly #gatherer: FrameGatherer;
  readonly #timestamps = new TimestampUnwrapper();
  readonly #clock: SenderClock;
  #segment: Segment | undefined;
  /** The size of the segment's frames. */
  #size: FrameSize | undefined;
  #config: Buffer | undefined;
  /** What was before is missing: nothing can be decoded before a key frame. */
  #waitsForKey = false;
  #askedAt = -Infinity;
  /** The segment's clock is wrong from here on: it ends where another can begin. */
  #clockJumped = false;

  /** @throws RangeError for a codec that cannot be recorded: see `recordedCodec` */
  constructor(options: StreamOptions) {
    const codec = recordedCodec(options.codec);
    if (!codec) throw new RangeError(`${options.codec} cannot be recorded`);
    this.#options = options;
    this.#codec = codec;
    this.#reorder = new Reorder(options.limits);
    this.#gatherer = new FrameGatherer(codec.depacketizer(), options.limits.frameBytes);
    this.#clock = new SenderClock(options.clockRate);
  }

  /**
   * Takes a datagram, RTP or RTCP. What is neither, or of another stream, is left out.
   *
   * @param nowMs when it arrived, as UTC milliseconds with fractions
   */
  receive(datagram: Buffer, nowMs: number): StreamOutput[] {
    const outputs: StreamOutput[] = [];
    if (isRtcp(datagram)) {
      for (const report of senderReports(datagram)) this.#report(report, nowMs, outputs);
    } else {
      const packet = parseRtp(datagram);
      if (packet?.ssrc === this.#options.ssrc && packet.payloadType === this.#options.payloadType) {
        for (const each of this.#reorder.push(packet, nowMs)) this.#take(each, nowMs, outputs);
      }
    }
    this.#advance(nowMs, outputs);
    return outputs;
  }

  /** Gives up what was waited for long enough, and writes what was gathered long enough. Call it several times a second. */
  tick(nowMs: number): StreamOutput[] {
    const outputs: StreamOutput[] = [];
    this.#advance(nowMs, outputs);
    return outputs;
  }

  /** Writes what there is and closes the file. Packets that come afterwards begin another one. */
  end(why: Why, nowMs: number): StreamOutput[] {
    const outputs: StreamOutput[] = [];
    for (const each of this.#reorder.flush()) this.#take(each, nowMs, outputs);
    this.#close(why, outputs);
    return outputs;
  }

  #advance(nowMs: number, outputs: StreamOutput[]): void {
    for (const each of this.#reorder.expire(nowMs)) this.#take(each, nowMs, outputs);
    if (this.#segment) outputs.push(...this.#segment.tick(nowMs));
  }

  #report({ ssrc, rtpTimestamp, ntpMs }: SenderReport, nowMs: number, outputs: StreamOutput[]) {
    if (ssrc !== this.#options.ssrc || !this.#clock.report(rtpTimestamp, ntpMs, nowMs)) return;
    if (!this.#segment) return;
    const timestamp = this.#timestamps.near(rtpTimestamp);
    this.#clockJumped = this.#segment.movedBy(timestamp, ntpMs) > REPORT_JUMP_MS;
    if (this.#clockJumped) this.#askForKey(nowMs, outputs);
    else outputs.push(...this.#segment.clock(timestamp, ntpMs, nowMs));
  }

  #take(ordered: Ordered, nowMs: number, outputs: StreamOutput[]): void {
    if (ordered.lost > 0) this.#segment?.lost(ordered.lost, nowMs);
    for (const each of this.#gatherer.push(ordered)) {
      if (each !== 'broken') this.#frame(each, nowMs, outputs);
      else if (this.#options.kind === 'video') this.#waitForKey(nowMs, outputs);
    }
  }

  #frame(frame: Frame, nowMs: number, outputs: StreamOutput[]): void {
    const timestamp = this.#timestamps.unwrap(frame.timestamp);
    if (this.#waitsForKey && !frame.key) {
      this.#askForKey(nowMs, outputs);
      return;
    }
    this.#waitsForKey = false;
    const why = this.#segment && this.#reasonToEnd(this.#segment, frame, timestamp);
    if (why) this.#close(why, outputs);
    if (!this.#segment) {
      if (!frame.key) {
        this.#waitForKey(nowMs, outputs);
        return;
      }
      this.#segment = this.#open(frame, timestamp, outputs);
    }
    outputs.push(...this.#segment.add(frame, timestamp, frame.arrivedAt, nowMs));
    if (this.#isTooLong(this.#segment, frame, timestamp)) this.#askForKey(nowMs, outputs);
  }

  #reasonToEnd(segment: Segment, frame: Frame, timestamp: number): Why | undefined {
    if (this.#isOtherClock(segment, frame, timestamp)) {
      // Reports until now were of the other clock.
      this.#clock.forget();
      return 'clock';
    }
    if (!frame.key) return undefined;
    const { size, config } = frame;
    if (size?.width !== this.#size?.width || size?.height !== this.#size?.height) return 'size';
    if (config && !this.#config?.equals(config)) return 'codec';
    if (this.#clockJumped) return 'clock';
    return this.#isTooLong(segment, frame, timestamp) ? 'length' : undefined;
  }

  /** Mute and pause make jumps that agree with the time of arrival: those stay in the file. */
  #isOtherClock(segment: Segment, frame: Frame, timestamp: number): boolean {
    const { mediaMs, arrivalMs } = segment.stepTo(timestamp, frame.arrivedAt);
    if (mediaMs < -BACKWARD_MS || mediaMs > Math.max(arrivalMs, 0) + FORWARD_MS) return true;
    const behind = frame.arrivedAt - segment.start.arrivedAt - segment.mediaMs(timestamp);
    return behind > BEHIND_MS[this.#options.kind];
  }

  /** By its own time or by ours: a sender's may stand still. */
  #isTooLong(segment: Segment, frame: Frame, timestamp: number): boolean {
    const { segmentMs } = this.#options.limits;
    const elapsed = frame.arrivedAt - segment.start.arrivedAt;
    return segment.mediaMs(timestamp) >= segmentMs || elapsed >= segmentMs;
  }

  #open(frame: Frame, timestamp: number, outputs: StreamOutput[]): Segment {
    const { kind, codec, clockRate, channels, limits } = this.#options;
    const { extension, codecId } = this.#codec;
    const { arrivedAt } = frame;
    const capturedAt = this.#clock.capturedAt(timestamp, arrivedAt);
    const startedAt = capturedAt ?? arrivedAt;
    const size = frame.size ?? { width: 0, height: 0 };
    this.#size = frame.size;
    this.#config = frame.config;
    this.#clockJumped = false;
    const header = fileHeader({
      extension,
      codecId,
      startedAt,
      ...(kind === 'audio'
        ? {
            config: opusHead(channels, OPUS_PRE_SKIP),
            media: { kind, clockRate, channels, preSkip: OPUS_PRE_SKIP },
          }
        : { config: frame.config, media: { kind, ...size } }),
    });
    outputs.push({
      do: 'open',
      extension,
      header,
      codec,
      ...frame.size,
      startedAt,
      clock: capturedAt === undefined ? 'arrival' : 'sender',
    });
    return new Segment({ timestamp, arrivedAt, capturedAt, clockRate }, limits);
  }

  #close(why: Why, outputs: StreamOutput[]): void {
    if (this.#segment) outputs.push(...this.#segment.end(why));
    this.#segment = undefined;
  }

  #waitForKey(nowMs: number, outputs: StreamOutput[]): void {
    this.#waitsForKey = true;
    this.#askForKey(nowMs, outputs);
  }

  #askForKey(nowMs: number, outputs: StreamOutput[]): void {
    if (this.#options.kind === 'audio') return;
    if (Math.abs(nowMs - this.#askedAt) < KEY_FRAME_EVERY_MS) return;
    this.#askedAt = nowMs;
    outputs.push({ do: 'keyframe' });
  }
}
