// Lets one provisioner work while the others wait for its result.
//
// It only saves work: two at once would each build in a folder of their own and rename the result
// into place, so the rare race in taking over a stale lock costs time and nothing else.

import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './run.ts';

/** The holder touches the file this often, for waiters that cannot see its pid. */
const HEARTBEAT_MS = 5_000;
/** Twelve missed heartbeats: long enough for a machine that swaps. */
const STALE_AFTER_MS = 60_000;
const POLL_MS = 500;

export interface LockHolder {
  pid: number;
  /** A pid means nothing in another container that shares the folder. */
  host: string;
}

export interface LockOptions {
  onWait: (holder: LockHolder | undefined) => void;
  signal?: AbortSignal | undefined;
}

/** Resolves with a function that releases the lock. Rejects only when `signal` aborts or on I/O errors. */
export async function acquireLock(
  path: string,
  options: LockOptions,
): Promise<() => Promise<void>> {
  const self: LockHolder = { pid: process.pid, host: hostname() };
  let hasReportedWait = false;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      await createWhole(path, JSON.stringify(self));
      break;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = await readHolder(path);
    if (await isStale(path, holder)) {
      await rm(path, { force: true });
      continue;
    }
    if (!hasReportedWait) options.onWait(holder);
    hasReportedWait = true;
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A failure here means that the lock is gone, which release() finds out.
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    const holder = await readHolder(path);
    // Not ours any more when we slept so long that another took it over.
    if (holder?.pid === self.pid && holder.host === self.host) await rm(path, { force: true });
  };
}

/**
 * Creates a file that is there with all its text or not at all: a waiter reads the holder's name in it.
 *
 * @throws EEXIST when it is there already
 */
async function createWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}-${randomUUID()}`;
  await writeFile(draft, text, { flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    // Some file systems have no links. A waiter may then find the file before its text.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
    await writeFile(path, text, { flag: 'wx' });
  } finally {
    await rm(draft, { force: true });
  }
}

/** Undefined when the lock is gone. */
async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const pid: unknown = Reflect.get(parsed, 'pid');
    const host: unknown = Reflect.get(parsed, 'host');
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

async function isStale(path: string, holder: LockHolder | undefined): Promise<boolean> {
  if (holder?.host === hostname() && !isAlive(holder.pid)) return true;
  const touchedAt = (await stat(path).catch(() => undefined))?.mtimeMs;
  return touchedAt !== undefined && Date.now() - touchedAt > STALE_AFTER_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process lives and belongs to another user.
    return errorCode(error) === 'EPERM';
  }
}
