// The loudness of a microphone, for a meter. Measured on a copy, which works also while the track is muted.

/** About the threshold of quiet speech, on the meter's scale. */
export const SPEECH_LEVEL = 0.3;
const READINGS_PER_SECOND = 20;

let context: AudioContext | undefined;

/**
 * Calls back with the loudness, 0 to 1, about 20 times a second.
 *
 * @returns a function that ends it
 */
export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  if (typeof AudioContext !== 'function') return () => {};
  context ??= new AudioContext();
  const audio = context;
  const copy = track.clone();
  copy.enabled = true;
  const source = audio.createMediaStreamSource(new MediaStream([copy]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const resume = () => void audio.resume().catch(() => {});
  // Before the first touch a page may not process sound. The first touch starts the meter.
  resume();
  addEventListener('pointerdown', resume);
  addEventListener('keydown', resume);
  const samples = new Float32Array(analyser.fftSize);
  let shown = 0;
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const level = meterLevel(samples);
    // Up at once, down slowly, as meters do.
    shown = Math.max(level, shown * 0.85);
    onLevel(shown < 0.01 ? 0 : shown);
  }, 1000 / READINGS_PER_SECOND);
  return () => {
    clearInterval(timer);
    removeEventListener('pointerdown', resume);
    removeEventListener('keydown', resume);
    source.disconnect();
    copy.stop();
  };
}

/** Root mean square from -60 dBFS (0) to -10 dBFS (1). */
export function meterLevel(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}
