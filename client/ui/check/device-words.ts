// The check's lines about camera and microphone. Pure.
import { SILENCED_TEXT } from '../media/changes/news.ts';
import { type BrowserFacts, type DeviceKind, deviceProblem } from '../media/device-problem.ts';
import type { Line } from './line.ts';

export interface DeviceState {
  readonly kind: DeviceKind;
  readonly on: boolean;
  readonly pending: boolean;
  /** The error of getUserMedia. */
  readonly error: unknown;
  /** The system, a switch or a headset's button mutes it. */
  readonly silenced: boolean;
  /** Label of the device in use; undefined without one. */
  readonly label: string | undefined;
  /** Whether the microphone gave something other than silence. */
  readonly heard: boolean;
  /** The check goes on: it may hear something yet. */
  readonly listening: boolean;
  /** Whether the page was clicked or touched: before, a browser may not let it process sound. */
  readonly touched: boolean;
}

export function deviceLine(device: DeviceState, facts: BrowserFacts): Line {
  const { kind, label } = device;
  const line = { id: kind, title: kind === 'camera' ? 'Camera' : 'Microphone' };
  if (device.pending) {
    return { ...line, tone: 'running', text: 'Choose Allow when your browser asks.' };
  }
  if (device.error !== undefined) {
    const { title, advice } = deviceProblem(device.error, [kind], facts);
    return { ...line, tone: 'bad', text: `${title}.`, advice };
  }
  if (!device.on) return { ...line, tone: 'waiting', text: 'It is switched off.' };
  if (label === undefined) return { ...line, tone: 'waiting', text: 'Not checked yet' };
  const named = label === '' ? line : { ...line, advice: label };
  if (device.silenced) return { ...named, tone: 'bad', text: SILENCED_TEXT[kind] };
  if (kind === 'camera') return { ...named, tone: 'good', text: 'It works.' };
  if (device.heard) return { ...named, tone: 'good', text: 'It works, and it hears something.' };
  if (device.listening) return { ...named, tone: 'running', text: 'Say something to test it.' };
  if (!device.touched) {
    return { ...named, tone: 'waiting', text: 'Touch this page and say something to test it.' };
  }
  return {
    ...named,
    tone: 'warning',
    text: 'It heard nothing. Say something. If this does not change, it may be muted by a switch or by the system.',
  };
}
