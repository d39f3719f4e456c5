// A child process of a test: its output is kept for the evidence, and it never outlives its owner.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { lifeline } from '../../../native/host/lifeline.ts';
import { DEADLINES } from './deadlines.ts';
import { until, within } from './until.ts';

export interface ProcessOptions {
  /** Its name in the log of a failure. */
  name: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  /** Added to our own environment; undefined removes a variable. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Enough to see what led to a failure, little enough to read. */
const LINES_KEPT = 5_000;

export class ManagedProcess implements AsyncDisposable {
  readonly name: string;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #end: End | undefined;

  constructor({ name, command, args, cwd, env }: ProcessOptions) {
    this.name = name;
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    lifeline.guard(this.#child);
    this.#child.once('exit', (code, signal) => {
      this.#end = { code, signal };
    });
    this.#child.once('error', (error) => {
      this.lines.push(`could not start: ${error.message}`);
      this.#end = { code: null, signal: null };
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > LINES_KEPT) this.lines.shift();
      });
    }
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  /** How it ended, or undefined while it runs. */
  get end(): End | undefined {
    return this.#end;
  }

  /**
   * @returns the first line that matches, once there is one
   * @throws Error with the last lines when the process ends first, or takes too long
   */
  async line(pattern: RegExp, withinMs: number): Promise<RegExpExecArray> {
    const find = () => {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match) return match;
      }
      return undefined;
    };
    const found = await until(
      `${this.name} to say ${pattern}`,
      () => {
        const match = find();
        if (match || this.#end) return match;
        throw new Error(`it said only:\n${this.tail()}`);
      },
      { withinMs },
    );
    if (found) return found;
    throw new Error(`${this.name} ended (${JSON.stringify(this.#end)}):\n${this.tail()}`);
  }

  tail(count = 60): string {
    return this.lines.slice(-count).join('\n');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end and waits until it has. @throws Error when it takes too long; it is killed then. */
  async stop(withinMs: number = DEADLINES.ending): Promise<End> {
    if (this.#end) return this.#end;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    try {
      await within(`${this.name} to end after SIGTERM`, withinMs, exit);
    } catch (error) {
      this.#child.kill('SIGKILL');
      await exit;
      throw error;
    }
    return this.#end ?? { code: null, signal: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
