// Starts one program at low priority, and kills it when the process that wants it is gone, however that ended.
//
// Arguments: niceness, command, its arguments. It is a process of its own because a program such as ffmpeg does
// not notice the end of whoever started it, and a process that is killed cannot take it along. The channel to
// that process is there before the program is, so there is no moment at which it could be left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import * as v from 'valibot';
import { type LauncherReport, StopOrder } from './child-messages.ts';

const [niceness = '0', command = '', ...args] = process.argv.slice(2);

// It ends with the channel, or with the program.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', endAll);
// It was gone before this was read.
if (!process.connected) process.exit();

try {
  // The program inherits it, with all its threads.
  setPriority(Number(niceness));
} catch {
  // Raising the priority is for root.
}

const program = start();
process.on('message', (message) => {
  const { killAfterMs } = v.parse(StopOrder, message);
  program.kill('SIGTERM');
  setTimeout(endAll, killAfterMs);
});

function start(): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  child.once('error', ({ message }) => report({ said: 'failed', message }, endAll));
  child.once('spawn', () => {
    if (child.pid !== undefined) report({ said: 'started', pid: child.pid });
  });
  child.once('exit', (code, signal) => report({ said: 'ended', code, signal }, endAll));
  return child;
}

function report(said: LauncherReport, then?: () => void): void {
  // Without a channel there is nobody to tell.
  if (!process.connected) return void then?.();
  process.send?.(said, undefined, undefined, () => then?.());
}

/** This group: the program, what it started itself, and this process. */
function endAll(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // No groups on this system.
    program.kill('SIGKILL');
    process.exit();
  }
}
