// Processes that end with this one, whatever way it ends: SIGKILL, a crash, an editor's stop button.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

const WATCHER = path.join(import.meta.dirname, 'lifeline-watcher.ts');
/** A watcher without processes to guard ends after this long. Starting another costs 50 ms of CPU. */
const IDLE_MS = 5_000;

/**
 * A watcher process holds the other end of a pipe to this one. When the pipe ends, this process is gone, and
 * the watcher kills what was guarded, with all that it started itself.
 */
export class Lifeline {
  readonly #guarded = new Set<number>();
  readonly #marks = new Set<string>();
  #watcher: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** The child, and what it starts, is killed when this process is gone. Does not keep this process alive. */
  guard(child: ChildProcess): void {
    const { pid } = child;
    // It did not start, or has ended already.
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#guarded.add(pid);
    this.#send(`guard ${pid}`);
    child.once('exit', () => {
      this.#guarded.delete(pid);
      this.#send(`release ${pid}`);
      this.#endWhenIdle();
    });
  }

  /**
   * Every process with this in its environment is killed too when this process is gone. Only where there is
   * /proc.
   *
   * @param mark `NAME=value`, unique to this process
   * @returns what to call when nothing carries the mark any more
   */
  guardMarked(mark: string): () => void {
    this.#marks.add(mark);
    this.#send(`mark ${mark}`);
    return () => {
      if (!this.#marks.delete(mark)) return;
      this.#send(`unmark ${mark}`);
      this.#endWhenIdle();
    };
  }

  /** Releases the guarded processes: they may go on. Idempotent. */
  close(): void {
    this.#guarded.clear();
    this.#marks.clear();
    clearTimeout(this.#idle);
    this.#watcher?.stdin?.end('release all\n');
    this.#watcher = undefined;
  }

  #send(line: string): void {
    clearTimeout(this.#idle);
    if (this.#watcher) this.#watcher.stdin?.write(`${line}\n`);
    else this.#start();
  }

  #start(): void {
    const watcher = spawn(process.execPath, [WATCHER], {
      // Not ours: a reader of our output would wait for the watcher to close it.
      stdio: ['pipe', 'ignore', 'ignore'],
      // In a session of its own, so that signals to our process group miss it.
      detached: true,
    });
    this.#watcher = watcher;
    watcher.unref();
    const { stdin } = watcher;
    // The pipe of a child is a socket, though its type is not.
    if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
    // A write to a watcher that has ended. It is started again below.
    stdin?.on('error', () => {});
    watcher.once('error', () => this.#forget(watcher));
    watcher.once('exit', () => {
      this.#forget(watcher);
      if (this.#guarded.size + this.#marks.size > 0) this.#start();
    });
    for (const pid of this.#guarded) stdin?.write(`guard ${pid}\n`);
    for (const mark of this.#marks) stdin?.write(`mark ${mark}\n`);
  }

  #forget(watcher: ChildProcess): void {
    if (this.#watcher === watcher) this.#watcher = undefined;
  }

  #endWhenIdle(): void {
    if (this.#guarded.size + this.#marks.size > 0) return;
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
  }
}

/** For this process. */
export const lifeline = new Lifeline();
