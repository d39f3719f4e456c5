// Runs a program to its end, keeps its output, and kills all of it when aborted.

import { spawn } from 'node:child_process';
import { lifeline } from './lifeline.ts';

/** Compilers print megabytes; an error message needs the start of it. */
const MAX_KEPT_OUTPUT_BYTES = 256 * 1024;

export interface RunResult {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The program was killed because it took longer than `timeoutMs`. */
  timedOut: boolean;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Ends the program after so many milliseconds; the result then has `timedOut`. */
  timeoutMs?: number;
}

/**
 * Resolves with how the program ended, whatever its exit code.
 * Rejects when it cannot be started (`code` is then ENOENT, EACCES, …) or when `signal` aborts.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  // A process group of its own: g++ starts cc1plus, and both must go when we stop.
  const ownGroup = process.platform !== 'win32';
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: ownGroup,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  lifeline.guard(child);
  const stop = (): void => {
    if (child.pid === undefined) return;
    try {
      if (ownGroup) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {
      // The program has ended meanwhile.
    }
  };
  let timedOut = false;
  const giveUp = (): void => {
    timedOut = true;
    stop();
  };
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(giveUp, options.timeoutMs);
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const ended = await new Promise<Pick<RunResult, 'code' | 'signal'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    options.signal?.throwIfAborted();
    return { ...ended, timedOut, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < MAX_KEPT_OUTPUT_BYTES) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8').slice(0, MAX_KEPT_OUTPUT_BYTES);
}

/** "exit code 1", "SIGSEGV" or "no end in time", with the last line it wrote to stderr. */
export function describeEnd(result: RunResult): string {
  const code = result.signal ?? `exit code ${result.code}`;
  const end = result.timedOut ? 'no end in time' : code;
  const lastLine = result.stderr.trim().split('\n').at(-1)?.trim();
  return lastLine ? `${end}: ${lastLine}` : end;
}

export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
