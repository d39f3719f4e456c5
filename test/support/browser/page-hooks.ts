// Runs in the page before its own scripts: lets a test read what WebRTC did, without changing it.

/** The entries of `getStats()` that tests read. */
export interface StatsEntry {
  type: string;
  id: string;
  kind?: string;
  ssrc?: number;
  trackIdentifier?: string;
  framesDecoded?: number;
  keyFramesDecoded?: number;
  packetsReceived?: number;
  pliCount?: number;
  frameWidth?: number;
  frameHeight?: number;
  packetsSent?: number;
  /** For outbound streams: the simulcast layer, and the browser's target. Bits per second. */
  rid?: string;
  targetBitrate?: number;
  framesEncoded?: number;
  codecId?: string;
  /** For a codec: as `video/VP8`. */
  mimeType?: string;
  scalabilityMode?: string;
  qualityLimitationReason?: 'none' | 'cpu' | 'bandwidth' | 'other';
  totalAudioEnergy?: number;
  bytesReceived?: number;
  /** For a candidate pair: the browser's estimate of the bandwidth. Bits per second. */
  availableOutgoingBitrate?: number;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  address?: string;
  port?: number;
}

export interface PageHooks {
  /** Every RTCPeerConnection that the page made. */
  connections: RTCPeerConnection[];
  /** The stats of every open connection, one list for each. */
  stats(): Promise<StatsEntry[][]>;
}

declare global {
  interface Window {
    parleyTest: PageHooks;
  }
}

/** Must not refer to anything outside itself: its source text is what reaches the page. */
export function installPageHooks(): void {
  const connections: RTCPeerConnection[] = [];
  if ('RTCPeerConnection' in window) {
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        connections.push(this);
      }
    };
  }
  window.parleyTest = {
    connections,
    stats() {
      const open = connections.filter(({ connectionState }) => connectionState !== 'closed');
      return Promise.all(
        open.map(async (connection) => {
          const report = await connection.getStats();
          const entries: StatsEntry[] = [];
          report.forEach((entry: StatsEntry) => {
            entries.push(entry);
          });
          return entries;
        }),
      );
    },
  };
}
