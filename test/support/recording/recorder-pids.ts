// The recorder processes beside a media node.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Process ids of the recorders that this process has started, and that are alive. */
export async function recorderPids(parent: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [stat, command] = await Promise.all([
        readFile(`/proc/${name}/stat`, 'utf8'),
        readFile(`/proc/${name}/cmdline`, 'utf8'),
      ]);
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isRecorder = /entries\/recorder\.ts/.test(command);
      if (isRecorder && Number(ppid) === parent && state !== 'Z') found.push(Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** Of them, the one that records: another one may wait to take its place. */
export async function activeRecorder(parent: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ss', ['-lunpH']);
  const listening = new Set([...stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)));
  const pid = (await recorderPids(parent)).find((each) => listening.has(each));
  if (pid === undefined) throw new Error(`no recorder of ${parent} listens`);
  return pid;
}
