// How the packets of one connection travel, read out of its statistics, whichever browser made them. Pure.
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { PathReport } from '../../../shared/protocol/media-messages.ts';

export interface Paths {
  readonly send: PathReport;
  readonly recv: PathReport;
}

export const NO_PATH: PathReport = {
  kind: 'none',
  protocol: null,
  server: null,
  roundTripMs: null,
};

/** The fields of a candidate pair that are used here. Each browser lacks some. */
export interface CandidatePairStat {
  readonly id: string;
  readonly selected?: boolean;
  readonly nominated?: boolean;
  readonly state?: string;
  readonly localCandidateId?: string;
  /** Seconds. */
  readonly currentRoundTripTime?: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  /** To the connectivity checks of ICE, which are not among the bytes. */
  readonly responsesReceived?: number;
  /** ICE checks: until the first answer, and after it. */
  readonly requestsSent?: number;
  readonly consentRequestsSent?: number;
}

interface CandidateStat {
  readonly candidateType?: string;
  readonly protocol?: string;
  readonly relayProtocol?: string;
  /** URL of the server that gave a candidate. Chromium and Safari report it. */
  readonly url?: string;
}

interface Entry {
  readonly id: string;
  readonly type: string;
  readonly selectedCandidatePairId?: string;
}

/** The part of an `RTCStatsReport` that is needed here. */
export type Stats = Pick<ReadonlyMap<string, unknown>, 'get' | 'forEach'>;

type Hop = 'udp' | 'tcp' | 'tls';
const HOPS: readonly string[] = ['udp', 'tcp', 'tls'] satisfies Hop[];

/** The pair that carries the packets, or undefined while there is none. */
export function selectedPair(stats: Stats): CandidatePairStat | undefined {
  const pairs: CandidatePairStat[] = [];
  let chosen: string | undefined;
  stats.forEach((value) => {
    const entry = value as Entry;
    if (entry.type === 'candidate-pair') pairs.push(entry);
    if (entry.type === 'transport') chosen ??= entry.selectedCandidatePairId;
  });
  return (
    pairs.find(({ id }) => id === chosen) ??
    // Firefox has no statistics of the transport, but marks the pair.
    pairs.find(({ selected }) => selected === true) ??
    // A browser that marks no pair has nominated the one in use. After ICE restarts the newest counts.
    pairs.findLast(
      ({ selected, nominated, state }) =>
        selected === undefined && nominated === true && state === 'succeeded',
    )
  );
}

export function selectedPath(stats: Stats): PathReport {
  const pair = selectedPair(stats);
  if (!pair) return NO_PATH;
  const local = (stats.get(pair.localCandidateId ?? '') ?? {}) as CandidateStat;
  const roundTripMs = roundTripOf(pair);
  if (!isRelay(local)) {
    return { kind: 'direct', protocol: hop(local.protocol), server: null, roundTripMs };
  }
  const { url = '', relayProtocol } = local;
  // `protocol` is the one between relay and media server, not the one of this hop.
  const protocol = hop(relayProtocol) ?? hopOfUrl(url);
  const server = /^turns?:/.test(url) && url.length <= LIMITS.urlLength ? url : null;
  return { kind: 'relay', protocol, server, roundTripMs };
}

/** Whether two paths are the same for the server. Another round trip time is no change. */
export function isSamePath(a: PathReport, b: PathReport): boolean {
  return a.kind === b.kind && a.protocol === b.protocol && a.server === b.server;
}

/** A relay whose own address differs from the one it gave appears as a `prflx` candidate with its protocol. */
function isRelay({ candidateType, relayProtocol }: CandidateStat): boolean {
  return candidateType === 'relay' || (candidateType === 'prflx' && hop(relayProtocol) !== null);
}

function roundTripOf({ currentRoundTripTime }: CandidatePairStat): number | null {
  if (currentRoundTripTime === undefined || !(currentRoundTripTime >= 0)) return null;
  return Math.min(currentRoundTripTime * 1000, LIMITS.roundTripMs);
}

function hop(protocol: string | undefined): Hop | null {
  const name = protocol?.toLowerCase() ?? '';
  return HOPS.includes(name) ? (name as Hop) : null;
}

function hopOfUrl(url: string): Hop | null {
  if (url.startsWith('turns:')) return 'tls';
  return hop(/[?&]transport=(\w+)/.exec(url)?.[1]);
}
