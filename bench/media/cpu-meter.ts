// CPU time of processes between two moments, by the nanosecond where the kernel counts it so.
import { readdir, readFile } from 'node:fs/promises';
import { cpuMsOf } from '../process-cpu.ts';
import type { MediaProcess } from './contender.ts';

const NANOSECONDS = 1e6;

export interface CpuTime {
  ms: number;
  /** The part of the Node.js processes; undefined where there is none. */
  nodeMs: number | undefined;
}

export class CpuMeter {
  readonly #processes: readonly MediaProcess[];
  readonly #before: readonly Map<string, number>[];

  private constructor(processes: readonly MediaProcess[], before: readonly Map<string, number>[]) {
    this.#processes = processes;
    this.#before = before;
  }

  static async start(processes: readonly MediaProcess[]): Promise<CpuMeter> {
    return new CpuMeter(processes, await Promise.all(processes.map(({ pid }) => threads(pid))));
  }

  /** @returns the time since the start; undefined without processes */
  async read(): Promise<CpuTime | undefined> {
    if (this.#processes.length === 0) return undefined;
    let ms = 0;
    let nodeMs: number | undefined;
    for (const [index, { pid, isNode }] of this.#processes.entries()) {
      const spent = difference(this.#before[index] ?? new Map(), await threads(pid));
      ms += spent;
      if (isNode) nodeMs = (nodeMs ?? 0) + spent;
    }
    return { ms, nodeMs };
  }
}

/** A thread that has ended meanwhile has no time any more; a new one began at nothing. */
export function difference(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): number {
  return [...after].reduce((sum, [thread, ms]) => sum + ms - (before.get(thread) ?? 0), 0);
}

/** Milliseconds of each thread: proc(5) counts user and system time in ticks of ten, the scheduler exactly. */
async function threads(pid: number): Promise<Map<string, number>> {
  const folder = `/proc/${pid}/task`;
  const each = await Promise.all(
    (await readdir(folder)).map(async (thread): Promise<[string, number]> => {
      const text = await readFile(`${folder}/${thread}/schedstat`, 'utf8').catch(() => '');
      return [thread, Number(text.split(' ')[0]) / NANOSECONDS];
    }),
  );
  const known = each.filter(([, ms]) => ms > 0);
  return known.length > 0 ? new Map(known) : new Map([['all', await cpuMsOf(pid)]]);
}
