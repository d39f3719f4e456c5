// The process at the other end of a lifeline: when its input ends, it kills the guarded processes.
import { createInterface } from 'node:readline';
import { descendants, kill, livingProcesses, WATCHER_TITLE } from './process-tree.ts';

/** Processes may start others while they are being killed. */
const ROUNDS = 20;
const ROUND_MS = 50;

process.title = WATCHER_TITLE;

const guarded = new Set<number>();
const marks = new Set<string>();

const commands: Readonly<Record<string, (argument: string) => void>> = {
  guard: (pid) => void guarded.add(Number(pid)),
  release(pid) {
    if (pid !== 'all') return void guarded.delete(Number(pid));
    guarded.clear();
    marks.clear();
  },
  mark: (mark) => void marks.add(mark),
  unmark: (mark) => void marks.delete(mark),
};

// Only the end of the input ends the watcher: after a signal to all, it must still kill what is left.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [name = '', ...rest] = line.split(' ');
  commands[name]?.(rest.join(' '));
}
await endAll();

async function endAll(): Promise<void> {
  const doomed = new Set(guarded);
  for (let round = 0; round < ROUNDS; round++) {
    if (doomed.size === 0 && marks.size === 0) return;
    // Other watchers guard processes that we may not know: a Redis hides its environment, and so the mark.
    const processes = (await livingProcesses(marks)).filter(({ isWatcher }) => !isWatcher);
    for (const { pid } of processes.filter(({ marked }) => marked)) doomed.add(pid);
    for (const pid of descendants(processes, doomed)) doomed.add(pid);
    const living = processes.filter(({ pid }) => doomed.has(pid));
    if (living.length === 0) return;
    for (const { pid } of living) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}
