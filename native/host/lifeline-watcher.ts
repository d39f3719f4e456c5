// The process at the other end of a lifeline: when its input ends, it kills the processes that it guards.
import { createInterface } from 'node:readline';
import { descendants, type Found, kill, livingProcesses } from './process-tree.ts';

/** A process may start others before it is killed. */
const ROUNDS = 20;
const ROUND_MS = 50;

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

// Our own end is the end of the input, and nothing else: a signal to everything should not make us the first.
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
    const processes = await livingProcesses(marks);
    const isMarked = ({ pid, marked }: Found) => marked && pid !== process.pid;
    for (const { pid } of processes.filter(isMarked)) doomed.add(pid);
    for (const pid of descendants(processes, doomed)) doomed.add(pid);
    const living = processes.filter(({ pid }) => doomed.has(pid));
    if (living.length === 0) return;
    for (const { pid } of living) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}
