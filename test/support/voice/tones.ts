// A microphone that says words of known tones when told to, and an ear that tells which tones of whom arrived.
import type { Page } from 'playwright-core';

/** The tones of a word, in Hz, one after the other. */
export const TONES = [500, 650, 800, 950, 1_100, 1_250, 1_400, 1_550, 1_700, 1_850];
export const TONE_MS = 100;
/** The ear looks at pieces of this length. */
export const PIECE_MS = 10;

interface ToneHooks {
  sayWord(): void;
  /** For each received track: the tone of each piece that has one, as an index. */
  heard: number[][];
}

declare global {
  interface Window {
    parleyTones: ToneHooks;
  }
}

/** The page gets this microphone in place of a real one. Before its address is opened. */
export async function withTones(page: Page): Promise<void> {
  await page.addInitScript(installTones, { tones: TONES, toneMs: TONE_MS, pieceMs: PIECE_MS });
}

export async function sayWord(page: Page): Promise<void> {
  await page.evaluate(() => window.parleyTones.sayWord());
}

/** The number of pieces of each tone that were heard since the last call, over all tracks. */
export async function heardTones(page: Page): Promise<number[]> {
  const heard = await page.evaluate(() => window.parleyTones.heard.flat());
  return TONES.map((_, tone) => heard.filter((each) => each === tone).length);
}

export async function forgetTones(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const track of window.parleyTones.heard) track.length = 0;
  });
}

/** Must not refer to anything outside itself: its source text is what reaches the page. */
function installTones(known: { tones: readonly number[]; toneMs: number; pieceMs: number }): void {
  const { tones, toneMs, pieceMs } = known;
  /** Much less than a tone has; a decoder's comfort noise has less. */
  const LEAST_POWER = 0.001;
  /** Pieces of 10 ms that wait while the page is busy. Further ones would be lost to the ear. */
  const BUFFER = 1_000;
  let context: AudioContext | undefined;
  let output: AudioNode | undefined;

  const microphone = () => {
    context ??= new AudioContext({ sampleRate: 48_000 });
    const destination = context.createMediaStreamDestination();
    // A source that is silent keeps the track going.
    const silence = context.createConstantSource();
    silence.offset.value = 0;
    silence.connect(destination);
    silence.start();
    output = destination;
    return destination.stream.getAudioTracks();
  };
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (!constraints?.audio) return original(constraints);
    const pictures = constraints.video ? await original({ video: constraints.video }) : undefined;
    return new MediaStream([...microphone(), ...(pictures?.getTracks() ?? [])]);
  };

  /** The power of one frequency in these samples, after Goertzel. */
  const powerOf = (samples: Float32Array, frequency: number, rate: number) => {
    const factor = 2 * Math.cos((2 * Math.PI * frequency) / rate);
    let before = 0;
    let beforeThat = 0;
    for (const sample of samples) {
      const now = sample + factor * before - beforeThat;
      beforeThat = before;
      before = now;
    }
    const power = before ** 2 + beforeThat ** 2 - factor * before * beforeThat;
    return power / samples.length ** 2;
  };
  const listen = async (track: MediaStreamTrack) => {
    const heard: number[] = [];
    window.parleyTones.heard.push(heard);
    const Processor = (
      globalThis as unknown as {
        MediaStreamTrackProcessor: new (init: {
          track: MediaStreamTrack;
          maxBufferSize: number;
        }) => { readable: ReadableStream<AudioData> };
      }
    ).MediaStreamTrackProcessor;
    const reader = new Processor({ track, maxBufferSize: BUFFER }).readable.getReader();
    let rest: number[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const sound = next.value;
      const samples = new Float32Array(sound.numberOfFrames);
      sound.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const rate = sound.sampleRate;
      sound.close();
      rest.push(...samples);
      const size = (rate * pieceMs) / 1_000;
      while (rest.length >= size) {
        const piece = Float32Array.from(rest.slice(0, size));
        rest = rest.slice(size);
        const powers = tones.map((tone) => powerOf(piece, tone, rate));
        const most = Math.max(...powers);
        if (most > LEAST_POWER) heard.push(powers.indexOf(most));
      }
    }
  };
  window.parleyTones = {
    heard: [],
    sayWord() {
      if (!context || !output) throw new Error('no microphone was asked for');
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      gain.gain.value = 0.5;
      const from = context.currentTime + 0.05;
      tones.forEach((tone, index) => {
        oscillator.frequency.setValueAtTime(tone, from + (index * toneMs) / 1_000);
      });
      oscillator.connect(gain).connect(output);
      oscillator.start(from);
      oscillator.stop(from + (tones.length * toneMs) / 1_000);
    },
  };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', ({ track }) => {
        if (track.kind === 'audio') void listen(track);
      });
    }
  };
}
