// Runs in the page before its own scripts: notes the click on "Join" and each step to the picture.

/** The steps between the click and the picture, in order. */
export type Milestone =
  /** The first signalling message left the page. */
  | 'asked'
  /** The first one came back. */
  | 'answered'
  /** The page handed the description of the remote video to WebRTC. */
  | 'described'
  /** ICE and DTLS are done on the connection that receives it. */
  | 'connected'
  /** Its first frame came out of the decoder. */
  | 'decoded'
  /** It is on screen. */
  | 'shown';

export interface JoinTrace {
  /** `performance.now()` milliseconds, like all times here. */
  clickedAt?: number;
  milestones: Partial<Record<Milestone, number>>;
  /** Signalling messages after the click and before the picture. */
  sent: number;
  received: number;
  /** WebSockets opened after the click. */
  sockets: number;
  /** The page has loaded all that a join needs, and asked the server to prepare. */
  asksToPrepare: boolean;
  /** Connections with ICE and DTLS before the click. */
  connected: number;
}

/** Chromium only, and not in TypeScript's library. */
interface TrackProcessor {
  readonly readable: ReadableStream<{ close(): void }>;
}

declare global {
  interface Window {
    joinTrace: JoinTrace;
    MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => TrackProcessor;
  }
}

/**
 * Must not refer to anything outside itself: its source text is what reaches the page.
 *
 * @param mayPrepare false: the page's request to prepare gets lost, so that its join opens everything
 */
export function installJoinProbe(mayPrepare: boolean): void {
  const trace: JoinTrace = {
    ...{ milestones: {}, sent: 0, received: 0, sockets: 0 },
    ...{ asksToPrepare: false, connected: 0 },
  };
  window.joinTrace = trace;
  const { milestones } = trace;
  const reach = (milestone: Milestone) => {
    if (trace.clickedAt !== undefined) milestones[milestone] ??= performance.now();
  };
  const counts = () => trace.clickedAt !== undefined && milestones.decoded === undefined;

  const remote = new WeakSet<MediaStreamTrack>();
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...source,
    set(this: HTMLVideoElement, stream: MediaStream | null) {
      source?.set?.call(this, stream);
      if (!stream?.getTracks().some((track) => remote.has(track))) return;
      this.requestVideoFrameCallback?.(() => {
        // An element may have the frame before it is on the page.
        const look = () => {
          if (this.isConnected) requestAnimationFrame(() => reach('shown'));
          else requestAnimationFrame(look);
        };
        look();
      });
    },
  });

  addEventListener(
    'click',
    (event) => {
      const button = event.target instanceof Element ? event.target.closest('button') : null;
      if (button?.textContent?.trim().startsWith('Join')) trace.clickedAt ??= event.timeStamp;
    },
    true,
  );

  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      if (counts()) trace.sockets += 1;
      this.addEventListener('message', () => {
        reach('answered');
        if (counts()) trace.received += 1;
      });
    }

    override send(data: Parameters<WebSocket['send']>[0]): void {
      if (String(data).includes('"method":"prepare"')) {
        trace.asksToPrepare = true;
        if (!mayPrepare) return;
      }
      reach('asked');
      if (counts()) trace.sent += 1;
      super.send(data);
    }
  };

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('connectionstatechange', () => {
        const isEarly = trace.clickedAt === undefined && this.connectionState === 'connected';
        if (isEarly) trace.connected += 1;
      });
      this.addEventListener('track', ({ track }) => {
        if (track.kind !== 'video') return;
        reach('described');
        remote.add(track);
        const onState = () => {
          if (this.connectionState === 'connected') reach('connected');
        };
        onState();
        this.addEventListener('connectionstatechange', onState);
        // Reads frames as they leave the decoder, whatever the page does with the track.
        const reader = new window.MediaStreamTrackProcessor({ track }).readable.getReader();
        reader.read().then(({ value }) => {
          if (value) reach('decoded');
          value?.close();
          return reader.cancel();
        });
      });
    }
  };
}
