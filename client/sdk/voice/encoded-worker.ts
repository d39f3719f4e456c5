// The worker that encoded frames pass through: one for the page, with a chain of steps for each track.
import { SpeechGate } from './speech-gate.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** An encoded frame of a microphone. TypeScript's library for pages does not have these types of workers. */
interface EncodedAudioFrame {
  readonly data: ArrayBuffer;
  getMetadata(): {
    /** Linear, 0 to 1. */
    readonly audioLevel?: number;
  };
}
interface Transformer {
  readonly readable: ReadableStream<EncodedAudioFrame>;
  readonly writable: WritableStream<EncodedAudioFrame>;
  readonly options: { readonly port: MessagePort };
}

/** RFC 6716 §3.1: a frame of Opus without a voice has its first byte, and one or two more. */
const SILENCE_BYTES = 3;

/** A step: what comes in goes out, changed or later. Encryption will be a further one. */
function speechStep(port: MessagePort): TransformStream<EncodedAudioFrame, EncodedAudioFrame> {
  const gate = new SpeechGate<EncodedAudioFrame>();
  // The page makes a gate only where voices are chosen. A message that says so could arrive after the first frames, and
  // those would pass.
  gate.choose(true);
  return new TransformStream({
    start(controller) {
      const send = (frames: readonly EncodedAudioFrame[]) => {
        for (const frame of frames) controller.enqueue(frame);
      };
      port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
        send(data.type === 'chosen' ? gate.choose(data.isChosen) : gate.letGo());
      };
    },
    transform(frame, controller) {
      const isActive = frame.data.byteLength > SILENCE_BYTES;
      const { audioLevel } = frame.getMetadata();
      const level = audioLevel === undefined ? undefined : 20 * Math.log10(audioLevel);
      const { send, begins } = gate.push(frame, { isActive, level }, performance.now());
      if (begins) port.postMessage({ type: 'speaking' } satisfies FromWorker);
      for (const held of send) controller.enqueue(held);
    },
  });
}

addEventListener('rtctransform', (event) => {
  const { transformer } = event as Event & { transformer: Transformer };
  const { readable, writable, options } = transformer;
  // The end of the connection ends the streams: nothing is lost then.
  readable
    .pipeThrough(speechStep(options.port))
    .pipeTo(writable)
    .catch(() => {});
});

// The page makes no sender that depends on this worker before it has started.
postMessage('started');
