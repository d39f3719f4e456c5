// The tracks that one media session receives: their packets are counted, timed and thrown away.
import { randomInt } from 'node:crypto';
import type { Consumer } from '../../../shared/protocol/consumers.ts';
import { isRtcp, readRtp } from '../rtp/packet.ts';
import {
  MOST_BLOCKS,
  type ReceptionBlock,
  readSenderReports,
  writeReceiverReport,
} from '../rtp/rtcp.ts';
import { readStamp } from '../rtp/stamp.ts';
import { type StreamSample, StreamWatch } from '../rtp/stream-watch.ts';
import { isSilence } from '../rtp/voice.ts';
import { CLOCK_RATES } from './descriptions.ts';

export interface ReceiverOptions {
  run: number;
  /** The clock of this process, in milliseconds. */
  now(): number;
  /** The same track on the media session before. */
  before(trackId: string): StreamWatch | undefined;
  /** @param travelMs undefined for a packet that this run did not send */
  onPacket(bytes: number, travelMs: number | undefined): void;
  /** Each packet of a track. */
  onFrame?: ((trackId: string, payload: Uint8Array) => void) | undefined;
  /** A stream has brought its first packet. */
  onStream(): void;
}

interface Received {
  trackId: string;
  consumerId: string;
  ssrc: number;
  watch: StreamWatch;
  /** The last sender report: its time as receiver reports name it, and when it arrived. */
  report: { middle: number; atMs: number } | undefined;
  /** At our last report. */
  reported: { packets: number; lost: number };
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #ssrc = randomInt(1, 0xffffffff);
  readonly #bySsrc = new Map<number, Received>();
  /** By track. A stream that ended is kept: another one may go on where it stopped. */
  readonly #newest = new Map<string, StreamWatch>();
  /** Streams that ended. */
  readonly #ended: StreamSample[] = [];

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  add({ trackId, consumerId, kind, rtpParameters }: Consumer): void {
    const ssrc = rtpParameters.encodings[0]?.ssrc;
    if (ssrc === undefined || this.#bySsrc.has(ssrc)) return;
    const before = this.#newest.get(trackId) ?? this.#options.before(trackId);
    const watch = new StreamWatch({ kind, clockRate: CLOCK_RATES[kind], before });
    this.#newest.set(trackId, watch);
    const reported = { packets: 0, lost: 0 };
    this.#bySsrc.set(ssrc, { trackId, consumerId, ssrc, watch, report: undefined, reported });
  }

  /** Streams that the server ended; a silence at their end is no gap. */
  remove(consumerIds: readonly string[]): void {
    for (const [ssrc, { consumerId, watch }] of this.#bySsrc) {
      if (!consumerIds.includes(consumerId)) continue;
      this.#bySsrc.delete(ssrc);
      this.#ended.push(watch.sample());
    }
  }

  /** The newest stream of a track, which may have ended. */
  watchOf(trackId: string): StreamWatch | undefined {
    return this.#newest.get(trackId);
  }

  /** Whether it brings each track that the other one has brought and that is still wanted. */
  covers(other: Receiver): boolean {
    return [...other.#bySsrc.values()].every(({ trackId, watch }) => {
      const own = this.#newest.get(trackId);
      const isNeeded = watch.packets > 0 && (own ?? watch).isWanted;
      return !isNeeded || (own !== undefined && own.packets > 0);
    });
  }

  onPacket(bytes: Buffer): void {
    const nowMs = this.#options.now();
    if (isRtcp(bytes)) {
      this.#onControl(bytes, nowMs);
      return;
    }
    const packet = readRtp(bytes);
    const stream = packet && this.#bySsrc.get(packet.ssrc);
    if (!stream) return;
    const { sequence, timestamp, payload } = packet;
    const pauses = isSilence(payload.length);
    stream.watch.hear({ sequence, timestamp, bytes: payload.length, pauses }, nowMs);
    const sentAtMs = readStamp(payload, this.#options.run);
    this.#options.onFrame?.(stream.trackId, payload);
    this.#options.onPacket(payload.length, sentAtMs === undefined ? undefined : nowMs - sentAtMs);
    if (stream.watch.packets === 1) this.#options.onStream();
  }

  /** Receiver reports of all streams that brought something. */
  reports(): Buffer[] {
    const nowMs = this.#options.now();
    const blocks = [...this.#bySsrc.values()]
      .filter(({ watch }) => watch.packets > 0)
      .map((stream) => blockOf(stream, nowMs));
    const reports: Buffer[] = [];
    for (let start = 0; start < blocks.length; start += MOST_BLOCKS) {
      reports.push(writeReceiverReport(this.#ssrc, blocks.slice(start, start + MOST_BLOCKS)));
    }
    return reports;
  }

  /** @param isOver nothing more is expected, so that no silence is a gap */
  samples(isOver = false): StreamSample[] {
    const nowMs = isOver ? undefined : this.#options.now();
    return [...this.#ended, ...[...this.#bySsrc.values()].map(({ watch }) => watch.sample(nowMs))];
  }

  #onControl(bytes: Buffer, nowMs: number): void {
    for (const { ssrc, middle } of readSenderReports(bytes)) {
      const stream = this.#bySsrc.get(ssrc);
      if (stream) stream.report = { middle, atMs: nowMs };
    }
  }
}

function blockOf(stream: Received, nowMs: number): ReceptionBlock {
  const { watch, report, reported, ssrc } = stream;
  const { packets, lost } = watch;
  const newLost = Math.max(0, lost - reported.lost);
  const expected = packets - reported.packets + newLost;
  stream.reported = { packets, lost };
  return {
    ssrc,
    fractionLost: expected === 0 ? 0 : newLost / expected,
    lost,
    highestSequence: watch.highestSequence,
    lastReport: report?.middle ?? 0,
    sinceLastReportMs: report ? nowMs - report.atMs : 0,
  };
}
