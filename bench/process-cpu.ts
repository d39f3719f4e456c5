// CPU time that a process has used since it was started, as Linux counts it.
import { readFile } from 'node:fs/promises';

/** Clock ticks of proc(5): USER_HZ, 100 on every Linux. */
const MS_PER_TICK = 10;

/** User and system time together (proc(5), utime and stime). */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
