// From what each participant met to the figures of a run.
import type { StreamSample } from '../rtp/stream-watch.ts';
import { type Histogram, percentile } from './histogram.ts';

/** One participant's part of a run. Milliseconds count from the moment it began to join. */
export interface ParticipantSample {
  /** Whether another one in its room publishes. */
  expectsMedia: boolean;
  /** Null for one that did not get in. */
  joinMs: number | null;
  /** From the first offer of a track, where that was later. Null for one that received nothing. */
  firstPacketMs: number | null;
  /** Why it did not get in: a code of the protocol. */
  refusal: string | null;
  /** Why it was in the call no more, before the run ended. */
  lost: string | null;
  /** Sockets that were lost and found again. */
  resumes: number;
  /** Requests that were refused in the call, by code. */
  refusedRequests: readonly string[];
  streams: readonly StreamSample[];
  sentPackets: number;
  /** Frames that this machine was too late to send. */
  missedFrames: number;
}

export interface RunSamples {
  planned: number;
  /** Participants whose received packets are counted. */
  counted: number;
  participants: readonly ParticipantSample[];
  /** How late each participant began to join. Milliseconds. */
  latenessMs: readonly number[];
  /** The travel of each packet that this run sent and received. */
  delay: Histogram;
  /** Payload while everybody was there. */
  steady: { seconds: number; receivedBytes: number; sentBytes: number };
  /** How late this process itself was, at the 99th percentile. Milliseconds. */
  ownDelayP99Ms: number;
  /** How much of the time while everybody was there this process was at work: above most of it, packets queue here. */
  ownLoadPercent: number;
  /** Datagrams of all programs on this machine, in the time of the run; null where the system does not say. */
  droppedDatagrams: number | null;
}

export interface Spread {
  p50: number;
  p95: number;
  max: number;
}

export interface LoadReport {
  participants: {
    planned: number;
    /** Participants whose received packets are counted. */
    counted: number;
    /** Participants that got in. */
    joined: number;
    refused: number;
    lost: number;
    resumes: number;
    /** Participants that were neither in nor refused when the run ended. */
    missing: number;
  };
  /** From arriving to the answer of the join. Milliseconds; null when nobody got in. */
  joinMs: Spread | null;
  /** From arriving, or from the first offer of a track in a room that had none, to the first packet. */
  firstPacketMs: Spread | null;
  /** Those that got in, had something to receive, and received nothing. */
  withoutMedia: number;
  /** Payload in bits per second, of all together, while everybody was there. */
  bitrate: { received: number; sent: number };
  packets: { sent: number; received: number; lost: number; lossPercent: number };
  streams: { received: number; withGaps: number; gapPercent: number };
  gaps: { count: number; longestMs: number };
  /** From the sender's send to the receiver's callback. Milliseconds; null when it was not measured. */
  delayMs: Spread | null;
  /** Joins and requests that were refused, by code. */
  refusals: Readonly<Record<string, number>>;
  /** Whether this machine kept up: if not, the figures are its own. */
  tool: {
    lateArrivals: number;
    missedFrames: number;
    ownDelayP99Ms: number;
    ownLoadPercent: number;
    droppedDatagrams: number | null;
  };
}

/** An arrival this late is counted. Milliseconds. */
export const LATE_MS = 100;

export function summarise(samples: RunSamples): LoadReport {
  const { participants, planned, counted, delay, steady } = samples;
  const joined = participants.filter(({ joinMs }) => joinMs !== null);
  const refused = participants.filter(({ refusal }) => refusal !== null);
  // A stream that brought nothing may be one that nobody sends: it is not counted as received.
  const streams = participants.flatMap((one) => one.streams.filter(({ packets }) => packets > 0));
  const withGaps = streams.filter(({ gaps }) => gaps > 0).length;
  const received = sum(streams.map(({ packets }) => packets));
  const lost = sum(streams.map((stream) => stream.lost));
  return {
    participants: {
      ...{ planned, counted },
      joined: joined.length,
      refused: refused.length,
      lost: joined.filter((one) => one.lost !== null).length,
      resumes: sum(joined.map(({ resumes }) => resumes)),
      missing: planned - joined.length - refused.length,
    },
    joinMs: spread(joined.flatMap(({ joinMs }) => joinMs ?? [])),
    firstPacketMs: spread(joined.flatMap(({ firstPacketMs }) => firstPacketMs ?? [])),
    withoutMedia: joined.filter((one) => one.expectsMedia && one.firstPacketMs === null).length,
    bitrate: {
      received: rate(steady.receivedBytes, steady.seconds),
      sent: rate(steady.sentBytes, steady.seconds),
    },
    packets: {
      sent: sum(participants.map(({ sentPackets }) => sentPackets)),
      ...{ received, lost, lossPercent: percent(lost, received + lost) },
    },
    streams: { received: streams.length, withGaps, gapPercent: percent(withGaps, streams.length) },
    gaps: {
      count: sum(streams.map(({ gaps }) => gaps)),
      longestMs: streams.reduce((longest, one) => Math.max(longest, one.longestGapMs), 0),
    },
    delayMs: spreadOf(delay),
    refusals: byCode(
      participants.flatMap((one) => [
        ...(one.refusal ? [one.refusal] : []),
        ...one.refusedRequests,
      ]),
    ),
    tool: {
      lateArrivals: samples.latenessMs.filter((lateMs) => lateMs > LATE_MS).length,
      missedFrames: sum(participants.map(({ missedFrames }) => missedFrames)),
      ownDelayP99Ms: samples.ownDelayP99Ms,
      ownLoadPercent: samples.ownLoadPercent,
      droppedDatagrams: samples.droppedDatagrams,
    },
  };
}

function spread(values: readonly number[]): Spread | null {
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => percentile(values, share));
  return p50 === undefined || p95 === undefined || max === undefined ? null : { p50, p95, max };
}

function spreadOf(histogram: Histogram): Spread | null {
  const [p50, p95] = [0.5, 0.95].map((share) => histogram.percentile(share));
  return p50 === undefined || p95 === undefined ? null : { p50, p95, max: histogram.max };
}

function byCode(codes: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(part: number, all: number): number {
  return all === 0 ? 0 : (part / all) * 100;
}

function rate(bytes: number, seconds: number): number {
  return seconds === 0 ? 0 : (bytes * 8) / seconds;
}
