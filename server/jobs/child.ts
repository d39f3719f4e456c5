// Runs a program for a job: at low priority, ended with the job, and never left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import * as v from 'valibot';
import { LauncherReport, type StopOrder } from './child-messages.ts';
import { LineCutter, Tail } from './lines.ts';

export interface ChildOptions {
  command: string;
  args: readonly string[];
  /** Ends the program: SIGTERM, then SIGKILL. */
  signal: AbortSignal;
  /** From -20 to 19; the higher, the more it leaves to calls. */
  niceness?: number;
  onStdoutLine?(line: string): void;
  onStderrLine?(line: string): void;
  cwd?: string;
  /** In place of this process's environment. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Characters of stderr that are kept, and of a line: what is longer is cut. */
  maxOutputBytes?: number;
  /** From SIGTERM to SIGKILL. */
  killAfterMs?: number;
}

export interface ChildEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines of stderr. */
  readonly stderr: readonly string[];
}

const LAUNCHER = path.join(import.meta.dirname, 'child-launcher.ts');
const NICENESS = 10;
const MAX_OUTPUT_BYTES = 16_384;
/** ffmpeg writes the end of its file after SIGTERM. */
const KILL_AFTER_MS = 2_000;
/** A launcher that does not end its program in time is ended with it. */
const LAUNCHER_LATE_MS = 1_000;

/**
 * Resolves when the program has ended and its output was read. By then all that it started has ended too.
 *
 * @throws the reason of `signal` after it has aborted and the program is gone; Error when it does not start, or
 *   its launcher was killed
 */
export async function runChild(options: ChildOptions): Promise<ChildEnd> {
  const { command, args, signal, cwd, env } = options;
  const { niceness = NICENESS, maxOutputBytes = MAX_OUTPUT_BYTES } = options;
  const { killAfterMs = KILL_AFTER_MS } = options;
  signal.throwIfAborted();
  const launcher = spawn(process.execPath, [LAUNCHER, String(niceness), command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: it is ended as a whole, and signals to our group miss it.
    detached: true,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: { ...env } }),
  });
  let said: LauncherReport | undefined;
  launcher.on('message', (message) => {
    const report = v.safeParse(LauncherReport, message);
    if (report.success) said = report.output;
  });
  const tail = new Tail(maxOutputBytes);
  const endLines = [
    readLines(launcher.stdout, maxOutputBytes, (line) => options.onStdoutLine?.(line)),
    readLines(launcher.stderr, maxOutputBytes, (line) => {
      tail.add(line);
      options.onStderrLine?.(line);
    }),
  ];
  const killGroup = () => {
    const { pid } = launcher;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      launcher.kill('SIGKILL');
    }
  };
  // A launcher that was killed itself leaves its program in its group.
  launcher.once('exit', () => said?.said !== 'ended' && killGroup());
  let late: NodeJS.Timeout | undefined;
  const onAbort = () => {
    const order: StopOrder = { killAfterMs };
    // It may have ended already.
    if (launcher.connected) launcher.send(order, () => {});
    late = setTimeout(killGroup, killAfterMs + LAUNCHER_LATE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await once(launcher, 'close');
    // Its last word may still be on its way.
    if (launcher.connected) await once(launcher, 'disconnect');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${command} could not be started: ${reason}`, { cause });
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
  }
  for (const end of endLines) end();
  signal.throwIfAborted();
  if (said?.said === 'failed') throw new Error(`${command} could not be started: ${said.message}`);
  if (said?.said !== 'ended') throw new Error(`${command} was killed, together with its launcher`);
  return { code: said.code, signal: said.signal, stderr: tail.lines };
}

/** @returns what to call at the end of the stream */
function readLines(
  stream: NodeJS.ReadableStream | null,
  maxLength: number,
  onLine: (line: string) => void,
): () => void {
  const cutter = new LineCutter(maxLength, onLine);
  stream?.setEncoding('utf8').on('data', (text: string) => cutter.add(text));
  return () => cutter.end();
}
