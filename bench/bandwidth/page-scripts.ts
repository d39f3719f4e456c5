// Runs in the page before its own scripts: a small camera, a tab that can be hidden, other requests for pictures.

export interface BandwidthHooks {
  /** Tells the page that its tab is hidden, or shown again. */
  hide(hidden: boolean): void;
  /** Which requests leave from now on: the page sends them when its tab is shown again. */
  request(requests: Requests): void;
  /** How often the page has requested pictures. */
  requested(): number;
  flows(): Promise<Flows>;
}

/** Counters since the beginning. */
export interface Flows {
  received: ReceivedPicture[];
  sent: SentLayer[];
}

/** A picture, or what the server sends to learn how much passes. */
export interface ReceivedPicture {
  /** Names the stream and its connection: a media session that is made anew counts from nothing. */
  id: string;
  bytes: number;
  /** The height of the last frame in pixels; 0 for a stream without a picture. */
  height: number;
}

export interface SentLayer {
  id: string;
  bytes: number;
  frames: number;
  /** The encoder has not switched it off. */
  active: boolean;
  height: number;
  /** Why the browser encodes less than it is allowed: `none`, `cpu`, `bandwidth`, `other`. */
  limit: string;
}

/**
 * `as-shown`: what the page requests for its tiles. `large`: the highest layer of all of these, whatever size their
 * tiles have. `nothing`: all pictures are paused.
 */
export type Requests = 'as-shown' | 'large' | 'nothing';

export interface PageOptions {
  camera: { width: number; height: number };
  requests: Requests;
}

declare global {
  interface Window {
    bandwidth: BandwidthHooks;
  }
}

/** Must not refer to anything outside itself: its source text is what reaches the page. */
export function installBandwidthHooks({ camera, requests }: PageOptions): void {
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (constraints = {}) => {
    const { video } = constraints;
    if (!video) return open(constraints);
    const size = { width: camera.width, height: camera.height };
    return open({ ...constraints, video: { ...(video === true ? {} : video), ...size } });
  };

  let isHidden = false;
  Object.defineProperty(document, 'hidden', { get: () => isHidden });
  Object.defineProperty(document, 'visibilityState', {
    get: () => (isHidden ? 'hidden' : 'visible'),
  });

  let wanted = requests;
  let count = 0;
  const highest = 7;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const frame = typeof data === 'string' ? JSON.parse(data) : undefined;
    if (frame?.method !== 'subscribe') return send.call(this, data);
    count++;
    for (const preference of Object.values<{ paused?: boolean; spatialLayer?: number }>(
      frame.params.preferences,
    )) {
      if (wanted === 'nothing') preference.paused = true;
      else if (wanted === 'large' && !preference.paused) preference.spatialLayer = highest;
    }
    send.call(this, JSON.stringify(frame));
  };

  window.bandwidth = {
    hide(hidden) {
      isHidden = hidden;
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    },
    request(next) {
      wanted = next;
    },
    requested: () => count,
    async flows() {
      const flows: Flows = { received: [], sent: [] };
      const { connections } = window.parleyTest;
      for (const [index, connection] of connections.entries()) {
        if (connection.connectionState === 'closed') continue;
        const stats = await connection.getStats();
        stats.forEach((entry) => {
          if (entry.kind !== 'video') return;
          const id = `${index} ${entry.id}`;
          const { bytesReceived = 0, bytesSent = 0, frameHeight: height = 0 } = entry;
          if (entry.type === 'inbound-rtp') {
            flows.received.push({ id, bytes: bytesReceived, height });
          } else if (entry.type === 'outbound-rtp') {
            const { framesEncoded: frames = 0, active = true } = entry;
            const { qualityLimitationReason: limit = 'none' } = entry;
            flows.sent.push({ id, bytes: bytesSent, frames, active, height, limit });
          }
        });
      }
      return flows;
    },
  };
}
