// Folders on a disk: made and made durable.
import { access, mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';

/** Another process may delete the folder above, being empty, as often as this. */
const TRIES = 5;

/**
 * With all above it, and durable. Not by `recursive` of Node.js, which never ends where the system answers ENOENT
 * below a folder that is there, as /proc does.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await wasMade(folder, mode)) return;
    await makeFolder(path.dirname(folder), mode);
  }
  throw Object.assign(new Error(`${folder} cannot be made`), { code: 'EACCES' });
}

/** @returns false when the folder above is missing */
async function wasMade(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    // It is an entry in the folder above.
    await syncFolder(path.dirname(folder));
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return true;
    if (code === 'ENOENT' && path.dirname(folder) !== folder) return false;
    throw error;
  }
}

/** After this the names in the folder survive the loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function nearestExisting(folder: string): Promise<string> {
  try {
    await access(folder);
    return folder;
  } catch (error) {
    const above = path.dirname(folder);
    if (above === folder) throw error;
    return nearestExisting(above);
  }
}

export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
