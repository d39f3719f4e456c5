// Notices that the npm process above us is gone. npm passes signals on, but not the one that kills it.
import { readFile } from 'node:fs/promises';

const LOOK_EVERY_MS = 1_000;

/**
 * Does nothing unless npm runs us: the parent of a background program may end before it.
 *
 * @param onGone called once
 * @returns a function that ends the watch, which does not keep the process alive
 */
export async function watchNpm(env: NodeJS.ProcessEnv, onGone: () => void): Promise<() => void> {
  if (env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  // npm runs a shell, which runs us or becomes us.
  const { name, parent: above } = await statOf(parent);
  const npm = name === 'sh' ? above : parent;
  const timer = setInterval(() => {
    const isThere = process.ppid === parent && (npm === parent || isAlive(npm));
    if (isThere) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** Name and parent of a process; where there is no /proc the parent of ours is all we know. */
async function statOf(pid: number): Promise<{ name: string; parent: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, name = '', , parent = ''] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
  return { name, parent: Number(parent) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
