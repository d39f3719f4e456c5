// The parts of a file that grows: how their objects are called, and which of them make the file. Pure.

export interface Part {
  key: string;
  /** Where it begins in the file, and how long it is. Bytes. */
  offset: number;
  bytes: number;
}

/** Enough for a petabyte; keys are in the order of their offsets then. */
const OFFSET_DIGITS = 15;
const NAME = new RegExp(`^(\\d{${OFFSET_DIGITS}})-(\\d{1,${OFFSET_DIGITS}})$`);
/** What stands for a slash in the name of a folder: no file of a recording has it in its name. */
const SLASH = '~';

/**
 * Where the parts of a recording are, with a slash at the end.
 * @param folder the recording's, without a slash at its end
 */
export function partsFolder(folder: string): string {
  return `${folder}/parts/`;
}

/** Where the parts of this file are. A file is two steps below its recording's folder: `tracks/…`, `log/…`. */
export function partsOf(key: string): string {
  const steps = key.split('/');
  const folder = steps.slice(0, -2).join('/');
  return `${partsFolder(folder)}${steps.slice(-2).join(SLASH)}/`;
}

/** @param key of the file */
export function partKey(key: string, offset: number, bytes: number): string {
  return `${partsOf(key)}${String(offset).padStart(OFFSET_DIGITS, '0')}-${bytes}`;
}

/** @returns undefined for what is no part */
export function readPartKey(folder: string, key: string): { file: string; part: Part } | undefined {
  const above = partsFolder(folder);
  if (!key.startsWith(above)) return undefined;
  const [name = '', place = '', ...more] = key.slice(above.length).split('/');
  const [, offset, bytes] = NAME.exec(place) ?? [];
  if (offset === undefined || bytes === undefined || more.length > 0) return undefined;
  const file = `${folder}/${name.replace(SLASH, '/')}`;
  return { file, part: { key, offset: Number(offset), bytes: Number(bytes) } };
}

/** A part without its beginning: `skip` bytes of it were stored with earlier parts. */
export interface Piece {
  part: Part;
  skip: number;
}

/**
 * Parts that make the file from its beginning as far as they reach without a gap, each as late as it can be. Those
 * that are uploaded again, merged with what came after, overlap.
 */
export function coverage(parts: readonly Part[]): { pieces: Piece[]; reach: number } {
  const pieces: Piece[] = [];
  const sorted = [...parts].sort((a, b) => a.offset - b.offset || b.bytes - a.bytes);
  let reach = 0;
  for (;;) {
    const next = furthest(sorted, reach);
    if (!next) return { pieces, reach };
    pieces.push({ part: next, skip: reach - next.offset });
    reach = next.offset + next.bytes;
  }
}

/** The part that reaches furthest, without a gap. One that begins just here needs no cutting. */
function furthest(parts: readonly Part[], reach: number): Part | undefined {
  let best: Part | undefined;
  for (const part of parts) {
    if (part.offset > reach) break;
    const end = part.offset + part.bytes;
    if (end <= reach) continue;
    const isExact = part.offset === reach;
    const isBetter =
      best === undefined ||
      (isExact && best.offset !== reach) ||
      (isExact === (best.offset === reach) && end > best.offset + best.bytes);
    if (isBetter) best = part;
  }
  return best;
}

/**
 * The next part of a file that grows: as many whole appends as fit, one at least.
 *
 * @param ends where each append ends that is not uploaded yet
 * @returns where the part ends
 */
export function nextPartEnd(
  uploaded: number,
  ends: readonly number[],
  maxBytes: number,
): number | undefined {
  const [first] = ends;
  if (first === undefined) return undefined;
  let end = first;
  for (const each of ends) {
    if (each - uploaded > maxBytes) break;
    end = each;
  }
  return end;
}
