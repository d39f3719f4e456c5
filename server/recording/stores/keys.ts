// Which keys a store takes. Pure.
import { StoreError } from './store.ts';

/** Names of files are at most as long on the file systems that there are; keys are in S3. */
const MAX_PART_BYTES = 255;
const MAX_KEY_BYTES = 1_024;
/** A folder of our own in RECORD_DIR, which is no part of what is stored. */
export const OWN_FOLDER = '.parley';

/** @throws StoreError `missing`: nothing can be there */
export function checkKey(key: string): void {
  const fault = faultOf(key);
  if (fault === undefined) return;
  throw new StoreError(
    'missing',
    `${JSON.stringify(key.slice(0, 200))} is no name of a recording’s file: ${fault}.`,
  );
}

function faultOf(key: string): string | undefined {
  if (!key.isWellFormed() || key.includes('\0')) return 'it has a character that no file may have';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  const parts = key.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'a part of it is empty, or climbs';
  }
  if (parts.some((part) => part.includes('\\'))) return 'it has a backslash';
  if (parts[0] === OWN_FOLDER) return 'the folder is Parley’s own';
  return parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES)
    ? `a part of it is longer than ${MAX_PART_BYTES} bytes`
    : undefined;
}

/** The order of keys in a store: by the bytes of UTF-8. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
