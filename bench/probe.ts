// Runs in the page before its own scripts: notes the click on "Join", the signalling, the picture.

export interface JoinTrace {
  /** All in `performance.now()` milliseconds. */
  clickedAt?: number;
  /** The first frame of a remote video that came out of the decoder. */
  decodedAt?: number;
  /** Signalling messages of the page's WebSockets, in order. */
  messages: { at: number; from: 'page' | 'server' }[];
  /** WebSockets opened after the click. */
  openedAfterClick: number;
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

/** Must not refer to anything outside itself: its source text is what reaches the page. */
export function installJoinProbe(): void {
  const trace: JoinTrace = { messages: [], openedAfterClick: 0 };
  window.joinTrace = trace;

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
      if (trace.clickedAt !== undefined) trace.openedAfterClick += 1;
      this.addEventListener('message', () => {
        trace.messages.push({ at: performance.now(), from: 'server' });
      });
    }

    override send(data: Parameters<WebSocket['send']>[0]): void {
      trace.messages.push({ at: performance.now(), from: 'page' });
      super.send(data);
    }
  };

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', ({ track }) => {
        if (track.kind !== 'video') return;
        // Reads frames as they leave the decoder, whatever the page does with the track.
        const reader = new window.MediaStreamTrackProcessor({ track }).readable.getReader();
        reader.read().then(({ value }) => {
          if (value) trace.decodedAt ??= performance.now();
          value?.close();
          return reader.cancel();
        });
      });
    }
  };
}
