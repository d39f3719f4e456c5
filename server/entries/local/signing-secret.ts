// The secret behind room tokens of a single process, in a file: links that were made before a restart
// open rooms after it. Replicas of a cluster have it in their store instead.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newSecret } from '../../api/signing-keys.ts';

const WRITTEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads the secret, or makes it: once, also for processes that start together.
 * @throws Error when it cannot be written, or the file holds no secret
 */
export async function signingSecret(file: string): Promise<string> {
  const kept = await read(file);
  if (kept !== undefined) return kept;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Written whole before it gets its name: no reader sees half of it.
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, newSecret(), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const made = await read(file);
  if (made === undefined) throw new Error(`${file} is gone as soon as it was written`);
  return made;
}

async function read(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined || WRITTEN.test(text)) return text;
  throw new Error(`${file} does not hold what Parley wrote there: remove it`);
}
