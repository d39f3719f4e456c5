// What is wrong with a place for recordings: from what went wrong there to a sentence, and to what an operator does.
import { StoreError, type StoreProblem } from './store.ts';

const REMEDIES: Readonly<Record<StoreProblem, string>> = {
  unreachable:
    'See that the store runs and that this machine reaches it: S3_ENDPOINT, S3_USE_SSL, DNS, firewall. What is recorded waits on this machine and is uploaded when the store is back.',
  failing:
    'Look at the store’s own log. What is recorded waits on this machine and is uploaded when the store works again.',
  full: 'Make room, by deleting recordings for example, or lower RECORD_FREE_DISK_MB. Recording goes on as soon as there is room.',
  denied:
    'Correct the keys (S3_ACCESS_KEY, S3_SECRET_KEY, or what is in S3_CREDENTIALS_FILE), S3_REGION, and the rights of the keys: to list, read, write and delete in the bucket.',
  clock: 'Set the clock of this machine, and keep it set with NTP.',
  no_bucket: 'Make the bucket, or correct S3_BUCKET.',
  unwritable: 'Let the user of this process write to the folder, or set RECORD_DIR to another one.',
  missing: 'It was deleted, or never finished.',
  corrupt:
    'Look at the disk and at the network between this machine and the store. Nothing is deleted here before the store has it whole.',
};

/** What to do, as sentences. */
export function remedyOf(problem: StoreProblem): string {
  return REMEDIES[problem];
}

/** What happened, and what to do. */
export function describeTrouble(error: StoreError): string {
  return `${error.message} ${remedyOf(error.code)}`;
}

/** Codes of the system, for folders. */
const CODES: Readonly<Record<string, readonly [StoreProblem, string]>> = {
  EACCES: ['unwritable', 'this user may not write there'],
  EPERM: ['unwritable', 'this user may not write there'],
  EROFS: ['unwritable', 'the file system is read-only'],
  ENOTDIR: ['unwritable', 'a part of the path is a file, not a folder'],
  EISDIR: ['unwritable', 'there is a folder of this name'],
  ELOOP: ['unwritable', 'it is a symbolic link'],
  ENAMETOOLONG: ['unwritable', 'the path is too long for this file system'],
  EIO: ['failing', 'the disk reports an error'],
  ESTALE: ['failing', 'the network file system has lost it'],
  EMFILE: ['failing', 'this process has too many open files: raise the limit (ulimit -n)'],
  ENFILE: ['failing', 'this machine has too many open files'],
  ENOSPC: ['full', 'the disk is full'],
  EDQUOT: ['full', 'the disk quota of this user is used up'],
  EFBIG: ['full', 'the file is too large for this file system'],
  ENOENT: ['missing', 'it is not there'],
};

/**
 * An error of the file system as a StoreError.
 * @param what the beginning of the sentence: `The folder /records cannot be written`
 */
export function fileTrouble(what: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = cause instanceof Error ? String(Reflect.get(cause, 'code') ?? '') : '';
  const [problem, why] = CODES[code] ?? ['failing', reasonOf(cause)];
  return new StoreError(problem, `${what}: ${why}${code === '' ? '' : ` (${code})`}.`, { cause });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
