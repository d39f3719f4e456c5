// Reads the answers that tests need out of `RTCPeerConnection.getStats()`. Pure.
import type { StatsEntry } from './page-hooks.ts';

export interface CandidatePair {
  local: StatsEntry;
  remote: StatsEntry;
  bytesReceived: number;
}

export interface Picture {
  /** Decoded since the beginning. */
  frames: number;
  width: number;
  height: number;
  /** Of the RTP stream it comes in; a consumer that is made anew has another. */
  ssrc?: number;
}

/**
 * @param trackId of the `MediaStreamTrack` that shows it
 * @returns undefined when no connection receives that track
 */
export function inboundPicture(
  connections: readonly StatsEntry[][],
  trackId: string,
): Picture | undefined {
  const entry = connections
    .flat()
    .find(({ type, trackIdentifier }) => type === 'inbound-rtp' && trackIdentifier === trackId);
  if (!entry) return undefined;
  const { framesDecoded = 0, frameWidth = 0, frameHeight = 0, ssrc = 0 } = entry;
  return { frames: framesDecoded, width: frameWidth, height: frameHeight, ssrc };
}

/** One simulcast layer of a picture, as its sender's browser sends it. */
export interface SentLayer {
  rid: string;
  height: number;
  /** Bits per second; 0 for one that is left out. */
  targetBitrate: number;
  limitedBy: string;
}

/** What is sent of pictures, from the lowest layer to the highest. */
export function sentLayers(connections: readonly StatsEntry[][]): SentLayer[] {
  return connections
    .flat()
    .filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video')
    .map((entry) => ({
      rid: entry.rid ?? '',
      height: entry.frameHeight ?? 0,
      targetBitrate: entry.targetBitrate ?? 0,
      limitedBy: entry.qualityLimitationReason ?? 'none',
    }))
    .sort((a, b) => a.rid.localeCompare(b.rid));
}

/** By track: the frames decoded since the beginning. */
export function videoFrames(connections: readonly StatsEntry[][]): Map<string, number> {
  return new Map(
    connections
      .flat()
      .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
      .map(({ trackIdentifier = '', framesDecoded = 0 }) => [trackIdentifier, framesDecoded]),
  );
}

/** By track: the energy of its sound since the beginning; it stays the same in silence. */
export function audioEnergies(connections: readonly StatsEntry[][]): Map<string, number> {
  return new Map(
    connections
      .flat()
      .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio')
      .map(({ trackIdentifier = '', totalAudioEnergy = 0 }) => [trackIdentifier, totalAudioEnergy]),
  );
}

/** The pair in use of every connection that has one. */
export function selectedPairs(connections: readonly StatsEntry[][]): CandidatePair[] {
  return connections.flatMap((entries) => {
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    const transport = entries.find(({ selectedCandidatePairId }) => selectedCandidatePairId);
    const pair = byId.get(transport?.selectedCandidatePairId ?? '');
    const local = byId.get(pair?.localCandidateId ?? '');
    const remote = byId.get(pair?.remoteCandidateId ?? '');
    if (!pair || !local || !remote) return [];
    return [{ local, remote, bytesReceived: pair.bytesReceived ?? 0 }];
  });
}
