// Picks the useful numbers out of WebRTC statistics. Pure.
import type { PathReport } from '../../../shared/protocol/media-messages.ts';
import { selectedPair, selectedPath } from '../../sdk/paths/selected-path.ts';

export interface TransportStats {
  path: PathReport;
  /** Bits per second since the reading before. */
  bitrate: number | undefined;
}

export interface VideoStats {
  width: number;
  height: number;
  framesPerSecond: number;
  /** Share of packets lost since the reading before, 0 to 1. */
  loss: number | undefined;
}

/** Counters that the next reading is compared with. */
export interface Counters {
  at: number;
  bytes: Map<string, number>;
  packets: Map<string, { received: number; lost: number }>;
}

export interface Reading {
  send: TransportStats | undefined;
  recv: TransportStats | undefined;
  /** By the id of the MediaStreamTrack. */
  videos: Map<string, VideoStats>;
  counters: Counters;
}

type Report = ReadonlyMap<string, unknown>;
/** The fields of the W3C's statistics that are used here; each browser lacks some of them. */
interface Stat {
  id: string;
  type: string;
  kind?: string;
  trackIdentifier?: string;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  packetsReceived?: number;
  packetsLost?: number;
}

export function readStats(
  reports: { send: Report | undefined; recv: Report | undefined },
  now: number,
  previous?: Counters,
): Reading {
  const counters: Counters = { at: now, bytes: new Map(), packets: new Map() };
  const rates = { now, previous, counters };
  return {
    send: reports.send && readTransport(reports.send, 'bytesSent', rates),
    recv: reports.recv && readTransport(reports.recv, 'bytesReceived', rates),
    videos: readVideos(reports.recv, previous, counters),
    counters,
  };
}

function readTransport(
  report: Report,
  direction: 'bytesSent' | 'bytesReceived',
  { now, previous, counters }: { now: number; previous: Counters | undefined; counters: Counters },
): TransportStats {
  const path = selectedPath(report);
  const pair = selectedPair(report);
  if (!pair) return { path, bitrate: undefined };
  const bytes = pair[direction] ?? 0;
  counters.bytes.set(pair.id, bytes);
  const before = previous?.bytes.get(pair.id);
  const seconds = previous ? (now - previous.at) / 1000 : 0;
  return {
    path,
    bitrate:
      before === undefined || seconds <= 0
        ? undefined
        : Math.max(0, ((bytes - before) * 8) / seconds),
  };
}

function readVideos(
  report: Report | undefined,
  previous: Counters | undefined,
  counters: Counters,
): Map<string, VideoStats> {
  const videos = new Map<string, VideoStats>();
  for (const stat of report ? list(report) : []) {
    if (stat.type !== 'inbound-rtp' || stat.kind !== 'video' || !stat.trackIdentifier) continue;
    const received = stat.packetsReceived ?? 0;
    const lost = Math.max(0, stat.packetsLost ?? 0);
    counters.packets.set(stat.id, { received, lost });
    const before = previous?.packets.get(stat.id);
    const newlyLost = before ? Math.max(0, lost - before.lost) : 0;
    const expected = before ? received - before.received + newlyLost : 0;
    videos.set(stat.trackIdentifier, {
      width: stat.frameWidth ?? 0,
      height: stat.frameHeight ?? 0,
      framesPerSecond: Math.round(stat.framesPerSecond ?? 0),
      loss: expected > 0 ? newlyLost / expected : undefined,
    });
  }
  return videos;
}

function list(report: Report): Stat[] {
  return [...report.values()] as Stat[];
}
