// How much of a file that was torn off is whole: up to the last whole cluster, or line. Pure.
import { extname } from 'node:path';
import { vintLength } from '../media/muxer/ebml.ts';

/** Reads this many bytes from there; fewer at the end of the file. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>;

/** Enough for the head of any element, and for one look at a log's end. */
const LOOK_BYTES = 64 * 1024;
const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;

/** @param name its ending says what it is; of other files nothing is cut */
export async function wholeLength(name: string, bytes: number, read: ReadAt): Promise<number> {
  const ending = extname(name).toLowerCase();
  if (ending === '.webm' || ending === '.mkv') return wholeElements(bytes, read);
  return ending === '.jsonl' ? wholeLines(bytes, read) : bytes;
}

/**
 * WebM and Matroska (RFC 8794, RFC 9559): the elements of the segment one after the other, as long as they are whole.
 *
 * @returns 0 when not even the head of the file is whole
 */
async function wholeElements(bytes: number, read: ReadAt): Promise<number> {
  const head = await elementAt(0, read);
  if (head?.id !== EBML || head.size === undefined) return 0;
  const segmentAt = head.dataAt + head.size;
  const segment = await elementAt(segmentAt, read);
  if (segment?.id !== SEGMENT || segment.dataAt > bytes) return 0;
  let whole = segment.dataAt;
  while (whole < bytes) {
    const element = await elementAt(whole, read);
    // A cluster of unknown size would have no end that can be seen.
    if (element?.size === undefined) return whole;
    const end = element.dataAt + element.size;
    if (end > bytes) return whole;
    whole = end;
  }
  return whole;
}

interface Element {
  id: number;
  dataAt: number;
  /** Undefined: unknown, until the end of the file. */
  size: number | undefined;
}

/** @returns undefined for what is cut off, or is no element */
async function elementAt(position: number, read: ReadAt): Promise<Element | undefined> {
  // Four bytes of an id, eight of a size.
  const bytes = await read(position, 12);
  const idLength = vintLength(bytes[0]);
  if (idLength === undefined || idLength > 4 || bytes.length < idLength) return undefined;
  const id = bytes.readUIntBE(0, idLength);
  const sizeLength = vintLength(bytes[idLength]);
  if (sizeLength === undefined || bytes.length < idLength + sizeLength) return undefined;
  let size = BigInt(bytes[idLength] ?? 0) & BigInt((1 << (8 - sizeLength)) - 1);
  for (let at = 1; at < sizeLength; at++) {
    size = (size << 8n) | BigInt(bytes[idLength + at] ?? 0);
  }
  const unknown = (1n << BigInt(7 * sizeLength)) - 1n;
  const dataAt = position + idLength + sizeLength;
  if (size === unknown) return { id, dataAt, size: undefined };
  return size > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : { id, dataAt, size: Number(size) };
}

async function wholeLines(bytes: number, read: ReadAt): Promise<number> {
  for (let end = bytes; end > 0; ) {
    const start = Math.max(0, end - LOOK_BYTES);
    const found = (await read(start, end - start)).lastIndexOf('\n');
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}
