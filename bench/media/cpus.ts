// Keeps the servers on one CPU and the clients on another.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Cpus {
  /** In front of a server's command. */
  readonly server: readonly string[];
  /** For the table. */
  readonly description: string;
}

const SERVER_CPU = '0';
const CLIENT_CPU = '1';

/** Pins this process, threads that it has included, to the clients' CPU. */
export async function shareCpus(): Promise<Cpus> {
  const pinned =
    process.platform === 'linux' &&
    availableParallelism() > 1 &&
    (await run('taskset', ['-a', '-c', '-p', CLIENT_CPU, String(process.pid)]).then(
      () => true,
      () => false,
    ));
  if (!pinned) {
    return { server: [], description: 'servers and clients share the CPUs: taskset did not work' };
  }
  return {
    server: ['taskset', '-c', SERVER_CPU],
    description: `servers on CPU ${SERVER_CPU}, clients on CPU ${CLIENT_CPU}`,
  };
}
