// Which recording a log is of, by its first line.
import { open } from 'node:fs/promises';
import { type LineOf, readLines } from '../manifest/lines.ts';

const LOG_KEY = /^(.+)\/log\/[^/]+$/;
/** The longest name of a room, of a node and of all other fields have less. */
const HEAD_BYTES = 8_192;

/** A recording of which a dead process left a log. */
export interface LeftRecording {
  /** In the store. */
  folder: string;
  begin: LineOf<'begin'>;
}

/** @param file where the object of this key is. @returns undefined for what is no log of a recording */
export async function leftRecording(key: string, file: string): Promise<LeftRecording | undefined> {
  const folder = LOG_KEY.exec(key)?.[1];
  if (folder === undefined) return undefined;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n');
    const [begin] = readLines(line);
    return begin?.type === 'begin' ? { folder, begin } : undefined;
  } finally {
    await handle.close();
  }
}
