// The processes that run on this machine, with their parents, groups and marks.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Found {
  readonly pid: number;
  readonly parent: number;
  /** Its process group. */
  readonly group: number;
  readonly marked: boolean;
  /** It is the watcher of a lifeline: it has others to end, and then ends by itself. */
  readonly isWatcher: boolean;
}

/** What a watcher calls itself. Linux keeps 15 letters. */
export const WATCHER_TITLE = 'parley-lifeline';

/** @param marks of the form `NAME=value`; they can be seen only where there is /proc */
export async function livingProcesses(marks: ReadonlySet<string> = new Set()): Promise<Found[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry));
  if (pids.length === 0) return listed();
  const found = await Promise.all(
    pids.map(async (pid): Promise<Found[]> => {
      const [stat, environment] = await Promise.all([
        read(pid, 'stat'),
        marks.size > 0 ? read(pid, 'environ') : '',
      ]);
      const isWatcher = stat.includes(`(${WATCHER_TITLE})`);
      const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended; its parent has not looked yet.
      if (!state || state === 'Z') return [];
      const marked = environment.split('\0').some((entry) => marks.has(entry));
      return [
        { pid: Number(pid), parent: Number(parent), group: Number(group), marked, isWatcher },
      ];
    }),
  );
  return found.flat();
}

/** All that these have started, directly or not, and the members of their process groups. */
export function descendants(processes: readonly Found[], of: ReadonlySet<number>): Set<number> {
  const found = new Set(of);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    // All members of a process group belong to its leader.
    for (const { pid, parent, group } of processes) {
      if (found.has(parent) || found.has(group)) found.add(pid);
    }
  }
  for (const pid of of) found.delete(pid);
  return found;
}

/** The process may have ended meanwhile. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

function read(pid: string, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}

/** Without /proc: from `ps`. */
async function listed(): Promise<Found[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,comm=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid = '', parent, group, state = '', command = ''] = line.trim().split(/\s+/);
    if (pid === '' || state.startsWith('Z')) return [];
    const isWatcher = command.endsWith(WATCHER_TITLE);
    const ids = { pid: Number(pid), parent: Number(parent), group: Number(group) };
    return [{ ...ids, marked: false, isWatcher }];
  });
}
