// Picks what a person can use out of WebRTC statistics. Pure.

export interface TransportStats {
  /** `direct`, `relay` (through a TURN server), or `none` while no pair is selected. */
  path: 'direct' | 'relay' | 'none';
  /** udp, tcp or tls, of the hop that leaves this machine. */
  protocol: string;
  roundTripMs: number | undefined;
  /** Bits per second since the reading before. */
  bitrate: number | undefined;
}

export interface VideoStats {
  width: number;
  height: number;
  framesPerSecond: number;
  /** Of the packets since the reading before, 0 to 1. */
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
  selectedCandidatePairId?: string;
  selected?: boolean;
  nominated?: boolean;
  state?: string;
  localCandidateId?: string;
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  currentRoundTripTime?: number;
  bytesSent?: number;
  bytesReceived?: number;
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
  const stats = list(report);
  const chosen = stats.find(({ type }) => type === 'transport')?.selectedCandidatePairId;
  const pairs = stats.filter(({ type }) => type === 'candidate-pair');
  // Firefox has no transport statistics, but marks the pair.
  const pair =
    pairs.find(({ id }) => id === chosen) ??
    pairs.find(
      ({ selected, nominated, state }) => selected ?? (nominated && state === 'succeeded'),
    );
  if (!pair) return { path: 'none', protocol: '', roundTripMs: undefined, bitrate: undefined };
  const local = stats.find(({ id }) => id === pair.localCandidateId);
  const bytes = pair[direction] ?? 0;
  counters.bytes.set(pair.id, bytes);
  const before = previous?.bytes.get(pair.id);
  const seconds = previous ? (now - previous.at) / 1000 : 0;
  return {
    path: local?.candidateType === 'relay' ? 'relay' : 'direct',
    protocol: local?.relayProtocol ?? local?.protocol ?? '',
    roundTripMs:
      pair.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime * 1000,
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
