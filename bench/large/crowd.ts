// The light participants of a large room: `parley load` as a process of its own, as an operator runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface CrowdOptions {
  url: string;
  room: string;
  publishers: number;
  cameras: number;
  speakers: number;
  /** What they are called, with a number. */
  called: string;
  /** How many participants count what they receive. */
  counted: number;
  /** Every other program comes first, as if these participants had computers of their own. */
  isIdle: boolean;
  seconds: { ramp: number; stay: number };
}

const PARLEY = path.resolve(import.meta.dirname, '../../server/entries/parley.ts');

export class Crowd {
  readonly #child: ChildProcess;
  readonly #output: Promise<string>;

  private constructor(child: ChildProcess, output: Promise<string>) {
    this.#child = child;
    this.#output = output;
  }

  static start({ url, room, called, seconds, isIdle, ...numbersOf }: CrowdOptions): Crowd {
    const numbers = { ...numbersOf, ramp: seconds.ramp, duration: seconds.stay };
    const child = spawn(
      'chrt',
      [
        ...[isIdle ? '--idle' : '--other', '0', process.execPath],
        ...[PARLEY, 'load', '--url', url, '--room', room, '--layout', '0', '--called', called],
        ...Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    return new Crowd(child, text(child.stdout));
  }

  /** All leave. @returns the table that the tool prints then */
  async end(): Promise<string> {
    await this.stop();
    return this.#output;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
