// Cuts off what a process had not written to its end when it, or its machine, died.
import { type FileHandle, open } from 'node:fs/promises';
import { fileTrouble } from '../stores/trouble.ts';
import { type ReadAt, wholeLength } from './whole-length.ts';

/**
 * Only for files that no process appends to any more.
 *
 * @returns the bytes that the file has now
 * @throws StoreError
 */
export async function cutTail(file: string): Promise<number> {
  try {
    const handle = await open(file, 'r+');
    try {
      const { size } = await handle.stat();
      const whole = await wholeLength(file, size, reader(handle));
      if (whole < size) {
        await handle.truncate(whole);
        await handle.sync();
      }
      return whole;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileTrouble(`${file} cannot be repaired`, error);
  }
}

function reader(handle: FileHandle): ReadAt {
  return async (position, length) => {
    const bytes = Buffer.alloc(length);
    let at = 0;
    while (at < length) {
      const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  };
}
