// Which of some worker processes listens on a port.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @returns its process id */
export async function workerOnPort(workers: readonly number[], port: number): Promise<number> {
  const { stdout } = await run('ss', ['-lunpH', `sport = :${port}`]);
  const pid = Number(/pid=(\d+)/.exec(stdout)?.[1]);
  assert.ok(workers.includes(pid), `no worker on port ${port}: ${stdout}`);
  return pid;
}
