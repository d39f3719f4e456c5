// A soft tone when a recording begins, and another one when it ends.

/** Rising when it begins, falling when it ends. Hertz. */
const NOTES = { start: [523.25, 659.25], stop: [659.25, 523.25] } as const;
const NOTE_SECONDS = 0.22;
/** A share of full scale. The tone is noticed and disturbs no word. */
const LOUDNESS = 0.08;

/** Where the browser cannot play it, nothing is heard: the recording is shown as well. @param speakerId '': the default one */
export async function playTone(which: 'start' | 'stop', speakerId: string): Promise<void> {
  try {
    const context = new AudioContext();
    if (speakerId !== '') await setSpeaker(context, speakerId).catch(() => {});
    let at = context.currentTime + 0.02;
    let last: OscillatorNode | undefined;
    for (const frequency of NOTES[which]) {
      last = note(context, frequency, at);
      at += NOTE_SECONDS;
    }
    last?.addEventListener('ended', () => void context.close());
  } catch {
    // Browsers without Web Audio, or with as many contexts as they allow.
  }
}

function note(context: AudioContext, frequency: number, at: number): OscillatorNode {
  const oscillator = new OscillatorNode(context, { frequency });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03);
  gain.gain.linearRampToValueAtTime(0, at + NOTE_SECONDS);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + NOTE_SECONDS);
  return oscillator;
}

/** Chromium alone has it. */
async function setSpeaker(context: AudioContext, speakerId: string): Promise<void> {
  const chosen = context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  await chosen.setSinkId?.(speakerId);
}
