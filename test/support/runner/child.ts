// One child process of the runner: its output on ours, ended at a deadline or with the run.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { lifeline } from '../../../native/host/lifeline.ts';

/** After being asked to end, how long a child may take before it is killed. */
const ENDING_MS = 10_000;

export interface ChildOptions {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** Its reason is the signal to pass on. */
  signal: AbortSignal;
}

export interface ChildResult {
  exitCode: number;
  timedOut: boolean;
}

export const ROOT = path.resolve(import.meta.dirname, '../../..');

/** Runs in the repository's root, with the tools of `node_modules/.bin` first in the path. */
export async function runChild(options: ChildOptions): Promise<ChildResult> {
  const bin = path.join(ROOT, 'node_modules/.bin');
  const child = spawn(options.command, options.args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
      ...options.env,
    },
  });
  lifeline.guard(child);
  let timedOut = false;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    killTimer ??= setTimeout(() => child.kill('SIGKILL'), ENDING_MS);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end('SIGTERM');
  }, options.timeoutMs);
  const onAbort = () => end(options.signal.reason as NodeJS.Signals);
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();

  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('exit', (code, signal) =>
    resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
  );
  try {
    return { exitCode: await promise, timedOut };
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    options.signal.removeEventListener('abort', onAbort);
  }
}
