// A process of a local cluster: its output is passed on, and it does not outlive its owner.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { lifeline } from '../../native/host/lifeline.ts';

export interface ChildOptions {
  /** The prefix of its lines. */
  name: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Every line of both its outputs. */
  onLine(line: string, child: Child): void;
  onExit?(child: Child, how: string): void;
}

/** How many lines are kept, to show how it ended. */
const LINES_KEPT = 400;
/** Short: where all replicas end, no participant can be moved. */
const HURRY_AFTER_MS = 1_000;
/** How long a process has to end by itself before it is killed. */
const END_WITHIN_MS = 15_000;

export class Child {
  readonly name: string;
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown>;
  #ended = false;

  constructor({ name, command, args, cwd, env, onLine, onExit }: ChildOptions) {
    this.name = name;
    this.#process = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env },
      // In a group of its own: Ctrl-C in a terminal is for us, who end everything in order.
      detached: true,
      ...(cwd !== undefined && { cwd }),
    });
    lifeline.guard(this.#process);
    this.#exit = once(this.#process, 'exit').catch(() => {});
    this.#process.once('error', (error) => this.#end(error.message, onExit));
    this.#process.once('exit', (code, signal) => this.#end(signal ?? `exit code ${code}`, onExit));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > LINES_KEPT) this.lines.shift();
        onLine(line, this);
      });
    }
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  get ended(): boolean {
    return this.#ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** @returns the first line that matches, once it is there. @throws Error when it ends before */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match) return match;
      }
      if (this.#ended) throw new Error(`${this.name} ended: ${this.lines.slice(-20).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when it has ended. */
  async exited(): Promise<void> {
    if (!this.#ended) await this.#exit;
  }

  /**
   * Asks it to end; after a while once more, and replicas then end without moving participants.
   * A process that goes on is killed.
   */
  async stop(): Promise<void> {
    if (this.#ended) return;
    // A stopped process gets no other signal.
    this.#process.kill('SIGCONT');
    this.#process.kill('SIGTERM');
    const hurry = setTimeout(() => this.#process.kill('SIGTERM'), HURRY_AFTER_MS);
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), END_WITHIN_MS);
    await this.exited();
    clearTimeout(hurry);
    clearTimeout(kill);
  }

  #end(how: string, onExit: ChildOptions['onExit']): void {
    if (this.#ended) return;
    this.#ended = true;
    onExit?.(this, how);
  }
}
