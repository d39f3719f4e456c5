// WebRTC in Node: the browser's classes made global, and tracks with a moving picture and a tone.
import wrtc from '@roamhq/wrtc';

const {
  RTCPeerConnection,
  RTCSessionDescription,
  RTCIceCandidate,
  MediaStream,
  MediaStreamTrack,
  nonstandard,
} = wrtc;
/**
 * Connections, and with them all that they made, are never collected: wrtc may free one while its own
 * threads are still closing it, and the process dies of SIGSEGV.
 */
const connections = new Set<RTCPeerConnection>();

/**
 * wrtc writes the local description on Node's thread while another thread adds candidates to it:
 * who reads it during the gathering may die of SIGSEGV. Here it is the description that was set,
 * without candidates; those come as events.
 */
class SafePeerConnection extends RTCPeerConnection {
  #local: RTCSessionDescription | null = null;

  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.add(this);
    // The getter is an own property that cannot be replaced: what it reads is.
    const { _pc: native } = this as unknown as { _pc: object };
    Object.defineProperty(native, 'localDescription', { get: () => this.#local });
  }

  override async setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
    const { type, sdp = '' } = description ?? {};
    if (!type) throw new TypeError('Make the description first: here it is not made by itself.');
    await super.setLocalDescription({ type, sdp });
    this.#local = new RTCSessionDescription({ type, sdp });
  }
}
/** The same for what it sends. */
const tracks = new Set<MediaStreamTrack>();

Object.assign(globalThis, {
  RTCPeerConnection: SafePeerConnection,
  RTCSessionDescription,
  RTCIceCandidate,
  MediaStream,
  MediaStreamTrack,
});

/**
 * When Node tears its environment down, wrtc frees sources after the tracks they refer to, and the
 * process dies of SIGSEGV. `process.exit` ends it without that. Not at the first `beforeExit`, which
 * the test runner uses to report, but when there is nothing to do after it either.
 */
process.once('beforeExit', () => {
  setImmediate(() => process.once('beforeExit', () => process.exit()));
});
/** Never collected, for the same reason. */
const sources = new Set<unknown>();

/** Small: the tests are about what arrives, not about how it looks, and two CPUs encode it all. */
const PICTURE = { width: 160, height: 96 };
const FRAME_MS = 66;
const SAMPLE_RATE = 48_000;
/** WebRTC takes audio in pieces of 10 ms (by libwebrtc, not by RFC 7874). */
const SAMPLES = SAMPLE_RATE / 100;
const TONE_HZ = 440;
const TONE_AMPLITUDE = 8_000;

/** Never collected either: the last frames of one that was stopped are still on their way to it. */
const sinks = new Set<unknown>();

/** A track that makes media until it is disposed. */
export interface MadeTrack extends Disposable {
  readonly track: MediaStreamTrack;
}

/** A microphone with a tone in front of it, or with silence. */
export interface MadeMicrophone extends MadeTrack {
  speak(speaks: boolean): void;
}

export function cameraTrack(): MadeTrack {
  const source = new nonstandard.RTCVideoSource();
  sources.add(source);
  const track = source.createTrack();
  const { width, height } = PICTURE;
  const data = new Uint8ClampedArray(width * height * 1.5);
  let shade = 0;
  const timer = setInterval(() => {
    shade = (shade + 7) % 256;
    source.onFrame({ width, height, data: data.fill(shade) as unknown as Uint8Array });
  }, FRAME_MS);
  return made(track, timer);
}

export function microphoneTrack(): MadeMicrophone {
  const source = new nonstandard.RTCAudioSource();
  sources.add(source);
  const track = source.createTrack();
  const tone = Int16Array.from({ length: SAMPLE_RATE }, (_, n) =>
    Math.round(TONE_AMPLITUDE * Math.sin((2 * Math.PI * TONE_HZ * n) / SAMPLE_RATE)),
  );
  const silence = new Int16Array(SAMPLES);
  let speaks = true;
  const startedAt = performance.now();
  let sent = 0;
  // Timers are late on a busy machine: catches up, so that the tone does not stop.
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startedAt) / 10);
    if (due - sent > 20) sent = due - 1;
    for (; sent < due; sent++) {
      const from = (sent * SAMPLES) % SAMPLE_RATE;
      source.onData({
        samples: speaks ? tone.slice(from, from + SAMPLES) : silence,
        sampleRate: SAMPLE_RATE,
        bitsPerSample: 16,
        channelCount: 1,
        numberOfFrames: SAMPLES,
      });
    }
  }, 10);
  const speak = (value: boolean) => {
    speaks = value;
  };
  return { ...made(track, timer), speak };
}

/** Calls back for every frame that is decoded. @returns what stops it */
export function watchFrames(track: MediaStreamTrack, onFrame: () => void): () => void {
  const sink = new nonstandard.RTCVideoSink(track);
  sinks.add(sink);
  sink.onframe = onFrame;
  return () => sink.stop();
}

function made(track: MediaStreamTrack, timer: NodeJS.Timeout): MadeTrack {
  tracks.add(track);
  return {
    track,
    [Symbol.dispose]() {
      clearInterval(timer);
      track.stop();
    },
  };
}
