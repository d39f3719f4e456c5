// A camera that flashes and a microphone that beeps with every UTC second, so that recordings can be compared by time.
import wrtc from '@roamhq/wrtc';
import type { MadeTrack } from '../sdk/media.ts';
import '../sdk/media.ts';

const { nonstandard } = wrtc;
/** Never collected: wrtc frees a source before the tracks that refer to it. */
const kept = new Set<unknown>();

const PICTURE = { width: 160, height: 96 };
const FRAME_MS = 33;
/** Of a flash and of a beep. */
const LONG_MS = 150;
const SAMPLE_RATE = 48_000;
const SAMPLES = SAMPLE_RATE / 100;
const TONE_HZ = 1_000;
const TONE_AMPLITUDE = 12_000;
/**
 * libwebrtc does not know when sound was captured (`RTCPSender::SetLastRtpTime`): its reports pair the first sample of a
 * packet with the moment at which the packet is sent, which is the packet's 20 ms later. Pictures have their true time.
 * Whoever receives them, browsers too, takes sound to be that much later than it was.
 */
const REPORTED_LATE_MS = 20;

const isOn = (utcMs: number) => utcMs % 1_000 < LONG_MS;

/**
 * A track, and when each of its flashes or beeps began by the sender's reports: timers are late on a busy machine. UTC
 * milliseconds.
 */
export interface Metronome extends MadeTrack {
  readonly instants: readonly number[];
}

/** Black, and white at the beginning of each second. The first white frame comes when the second begins. */
export function flashingCamera(): Metronome {
  const instants: number[] = [];
  let wasOn = true;
  const source = new nonstandard.RTCVideoSource();
  const track = source.createTrack();
  kept.add(source).add(track);
  const { width, height } = PICTURE;
  const data = new Uint8ClampedArray(width * height * 1.5).fill(128);
  const luma = data.subarray(0, width * height);
  let timer: NodeJS.Timeout;
  const frame = () => {
    const now = Date.now();
    // Some texture, so that an encoder has something to do.
    if (isOn(now) && !wasOn) instants.push(now);
    wasOn = isOn(now);
    luma.fill(wasOn ? 235 : 16);
    source.onFrame({ width, height, data: data as unknown as Uint8Array });
    const toSecond = 1_000 - (now % 1_000);
    timer = setTimeout(frame, Math.min(FRAME_MS, toSecond));
  };
  timer = setTimeout(frame, 0);
  return {
    track,
    instants,
    [Symbol.dispose]() {
      clearTimeout(timer);
      track.stop();
    },
  };
}

/** Silence, and a tone at the beginning of each second. @param tone Hz */
export function beepingMicrophone(tone = TONE_HZ): Metronome {
  const instants: number[] = [];
  const source = new nonstandard.RTCAudioSource();
  const track = source.createTrack();
  kept.add(source).add(track);
  const startedAt = Date.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor((Date.now() - startedAt) / 10);
    // What a machine that stood still has missed comes late, and none is left out: the sender counts samples, so its
    // clock would be wrong for the rest of the call.
    for (; sent < due; sent += 1) {
      const at = startedAt + sent * 10;
      source.onData(audioAt(at, tone));
      const begins = Math.ceil(at / 1_000) * 1_000;
      if (begins < at + 10) instants.push(begins + REPORTED_LATE_MS);
    }
  }, 10);
  return {
    track,
    instants,
    [Symbol.dispose]() {
      clearInterval(timer);
      track.stop();
    },
  };
}

function audioAt(utcMs: number, tone: number) {
  const samples = new Int16Array(SAMPLES);
  for (let n = 0; n < SAMPLES; n += 1) {
    const at = utcMs + (n * 1_000) / SAMPLE_RATE;
    if (isOn(at)) samples[n] = TONE_AMPLITUDE * Math.sin((2 * Math.PI * tone * at) / 1_000);
  }
  const format = { sampleRate: SAMPLE_RATE, bitsPerSample: 16, channelCount: 1 };
  return { samples, ...format, numberOfFrames: SAMPLES };
}
