// Runs inside the browser: puts painted pictures in place of the camera and the screen, and a tone in
// place of the microphone. Kept free of imports of values: it is injected.
import type { Actor } from './actors.ts';

export interface Painter {
  canvas(
    width: number,
    height: number,
  ): { element: HTMLCanvasElement; context: CanvasRenderingContext2D };
  room(width: number, height: number): HTMLCanvasElement;
  person(context: CanvasRenderingContext2D, time: number): void;
}

declare global {
  /** What `installPainter` leaves for `installActor`. */
  var parleyPainter: Painter;
}

/** To be given to Playwright's `addInitScript`, after `installPainter`. */
export function installActor(actor: Actor): void {
  const painter = globalThis.parleyPainter;

  function fill(context: CanvasRenderingContext2D, colour: string, draw: () => void): void {
    context.fillStyle = colour;
    context.beginPath();
    draw();
    context.fill();
  }

  function stream(
    { element, context }: ReturnType<Painter['canvas']>,
    paint: (context: CanvasRenderingContext2D, time: number) => void,
  ): MediaStream {
    const draw = () => paint(context, performance.now());
    draw();
    setInterval(draw, 1000 / 10);
    return element.captureStream(10);
  }

  function camera(): MediaStreamTrack[] {
    const [width, height] = actor.upright ? [540, 720] : [960, 540];
    const room = painter.room(width, height);
    return stream(painter.canvas(width, height), (context, time) => {
      context.drawImage(room, 0, 0);
      painter.person(context, time);
    }).getVideoTracks();
  }

  function microphone(): MediaStreamTrack[] {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = actor.speaks ? 0.25 : 0;
    tone.frequency.value = 180;
    const output = audio.createMediaStreamDestination();
    tone.connect(volume).connect(output);
    tone.start();
    return output.stream.getAudioTracks();
  }

  /** A page of slides: what people share most. */
  function slides(): MediaStreamTrack[] {
    return stream(painter.canvas(1280, 720), (c) => {
      c.fillStyle = '#fbfaf7';
      c.fillRect(0, 0, 1280, 720);
      fill(c, '#0f6b62', () => c.rect(0, 0, 18, 720));
      c.fillStyle = '#1a1c1e';
      c.font = '700 56px system-ui, sans-serif';
      c.fillText('Spring release', 90, 130);
      c.fillStyle = '#5a5e62';
      c.font = '400 30px system-ui, sans-serif';
      c.fillText('What we promised, and where we are', 90, 184);
      for (const [index, value] of [0.35, 0.48, 0.44, 0.66, 0.82, 0.94].entries()) {
        fill(c, index === 5 ? '#0f6b62' : '#bcd9d4', () =>
          c.roundRect(90 + index * 112, 610 - value * 340, 80, value * 340, 10),
        );
      }
      c.font = '500 28px system-ui, sans-serif';
      for (const [index, line] of [
        'Join in one round trip',
        'Sharp shared screens',
        'Calls outlive a restart',
      ].entries()) {
        fill(c, '#0f6b62', () => c.arc(852, 340 + index * 84, 8, 0, Math.PI * 2));
        c.fillStyle = '#1a1c1e';
        c.fillText(line, 884, 350 + index * 84);
      }
    }).getVideoTracks();
  }

  // The empty page before the first one is not a secure context.
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices) return;
  devices.getUserMedia = async ({ audio, video } = {}) =>
    new MediaStream([...(video ? camera() : []), ...(audio ? microphone() : [])]);
  devices.getDisplayMedia = async () => new MediaStream(slides());
}
