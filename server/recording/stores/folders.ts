// Folders on a disk: made and made durable.
import { access, mkdir, open } from 'node:fs/promises';
import path from 'node:path';

/** With all above it, and durable. */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode });
  if (first === undefined) return;
  // Each new folder is an entry in the one above it.
  for (let at = folder; at.length >= first.length; at = path.dirname(at)) {
    await syncFolder(path.dirname(at));
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
