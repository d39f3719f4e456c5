// Finds and ends what a test run started, however it was started: by a mark that children inherit.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WATCHER_TITLE } from '../../../native/host/process-tree.ts';

/** The environment variable that marks every process of one run; its value is unique to the run. */
export const RUN_MARK = 'PARLEY_TEST_RUN';

/** A browser takes a moment to end its helpers after it has gone itself. */
const ENDING_MS = 5_000;
const POLL_MS = 50;

export interface MarkedProcess {
  pid: number;
  command: string;
}

/** The living processes that carry this mark. Empty where there is no /proc to ask. */
export async function markedProcesses(mark: string): Promise<MarkedProcess[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .map(async (entry): Promise<MarkedProcess[]> => {
        const environment = await readProc(entry, 'environ');
        if (!environment.split('\0').includes(`${RUN_MARK}=${mark}`)) return [];
        const command = (await readProc(entry, 'cmdline')).replaceAll('\0', ' ').trim();
        return [{ pid: Number(entry), command: command.slice(0, 160) }];
      }),
  );
  return found.flat();
}

/**
 * Kills the processes that are still there after {@link ENDING_MS}.
 *
 * @returns the killed processes, for a test run to fail with
 */
export async function sweep(mark: string, graceMs = ENDING_MS): Promise<MarkedProcess[]> {
  const left = await waitForEnd(mark, graceMs);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await killMarked(mark, signal);
    if ((await waitForEnd(mark, ENDING_MS)).length === 0) break;
  }
  return left;
}

/** Watchers are left alone: they kill what hides the mark, as Redis does, and end by themselves. */
export async function killMarked(mark: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  for (const { pid, command } of await markedProcesses(mark)) {
    if (!command.includes(WATCHER_TITLE)) sendSignal(pid, signal);
  }
}

async function waitForEnd(mark: string, withinMs: number): Promise<MarkedProcess[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = await markedProcesses(mark);
    if (left.length === 0 || Date.now() >= deadline) return left;
    await sleep(POLL_MS);
  }
}

/** Pids of the direct children of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readProc(String(pid), `task/${pid}/children`);
  return text.split(' ').filter(Boolean).map(Number);
}

/** '' when the process has gone, or is a zombie, or is not ours to read. */
function readProc(pid: string, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has ended meanwhile.
  }
}
