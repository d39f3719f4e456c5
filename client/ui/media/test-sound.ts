// Two short notes to test the speakers.

const RATE = 24_000;
const NOTES = [523.25, 783.99];
const NOTE_SECONDS = 0.28;

/** @param speakerId a device, or '' for the default one */
export async function playTestSound(speakerId: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([waveFile(notes())], { type: 'audio/wav' }));
  const audio = new Audio(url);
  audio.addEventListener('ended', () => URL.revokeObjectURL(url));
  try {
    if ('setSinkId' in audio) await audio.setSinkId(speakerId);
    await audio.play();
  } catch {
    URL.revokeObjectURL(url);
  }
}

function notes(): Int16Array<ArrayBuffer> {
  const perNote = Math.round(RATE * NOTE_SECONDS);
  const samples = new Int16Array(perNote * NOTES.length);
  for (const [note, frequency] of NOTES.entries()) {
    for (let index = 0; index < perNote; index++) {
      const fade = Math.min(1, index / 400, (perNote - index) / 3000);
      const wave = Math.sin((2 * Math.PI * frequency * index) / RATE);
      samples[note * perNote + index] = wave * fade * 9000;
    }
  }
  return samples;
}

/** 16 bit mono PCM in a RIFF container. */
function waveFile(samples: Int16Array<ArrayBuffer>): ArrayBuffer {
  const file = new ArrayBuffer(44 + samples.byteLength);
  const view = new DataView(file);
  const text = (offset: number, value: string) => {
    for (let index = 0; index < value.length; index++) {
      view.setUint8(offset + index, value.charCodeAt(index));
    }
  };
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples.byteLength, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, samples.byteLength, true);
  new Int16Array(file, 44).set(samples);
  return file;
}
