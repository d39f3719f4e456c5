// One file that the uploader has: how far it is in the store, and since when something waits. Pure.
import { nextPartEnd } from './parts.ts';

export class UploadEntry {
  readonly key: string;
  readonly file: string;
  /** Left by a process that is dead: the store may have more of it than we. */
  readonly isAdopted: boolean;
  isClosed: boolean;
  isBusy = false;
  /** It is not tried again before this. By performance.now(). */
  notBefore = Number.NEGATIVE_INFINITY;
  bytes = 0;
  #uploaded = 0;
  /** What waits: where each append ends, and when it was made. */
  #waiting: { end: number; at: number }[] = [];
  #closedAt = 0;

  constructor(key: string, file: string, adopted?: { bytes: number; now: number }) {
    this.key = key;
    this.file = file;
    this.isAdopted = adopted !== undefined;
    this.isClosed = adopted !== undefined;
    this.bytes = adopted?.bytes ?? 0;
    this.#closedAt = adopted?.now ?? 0;
  }

  get uploaded(): number {
    return this.#uploaded;
  }

  /** Bytes that are here alone: all bytes of a file that a dead process left. */
  get waitingBytes(): number {
    return this.bytes - this.#uploaded;
  }

  /** Since when something waits; undefined when all is in the store, and the file goes on. */
  get waitingSince(): number | undefined {
    return this.#waiting[0]?.at ?? (this.isClosed ? this.#closedAt : undefined);
  }

  get hasPart(): boolean {
    return this.#waiting.length > 0;
  }

  grown(ends: readonly number[], now: number): void {
    for (const end of ends) {
      this.#waiting.push({ end, at: now });
      this.bytes = end;
    }
  }

  closed(now: number): void {
    this.isClosed = true;
    this.#closedAt = now;
  }

  /** The next part, of whole appends. */
  next(maxBytes: number): { offset: number; bytes: number } | undefined {
    const ends = this.#waiting.map(({ end }) => end);
    const end = nextPartEnd(this.#uploaded, ends, maxBytes);
    return end === undefined ? undefined : { offset: this.#uploaded, bytes: end - this.#uploaded };
  }

  stored(end: number): void {
    this.#uploaded = end;
    this.#waiting = this.#waiting.filter((append) => append.end > end);
  }
}

/** What to do next with a file, if anything. */
export type Work = 'part' | 'finish';

export interface WorkLimits {
  now: number;
  /** What was appended is uploaded after this. Milliseconds. */
  everyMs: number;
  /** As much as this is uploaded at once. */
  partBytes: number;
  /** Whether a whole file may be begun: it can take minutes, and parts must not wait for it. */
  mayFinish: boolean;
}

export function workOf(entry: UploadEntry, limits: WorkLimits): Work | undefined {
  const { now, everyMs, partBytes, mayFinish } = limits;
  if (entry.isBusy || now < entry.notBefore) return undefined;
  if (entry.isClosed && mayFinish) return 'finish';
  if (!entry.hasPart) return undefined;
  const isDue = entry.isClosed || now - (entry.waitingSince ?? now) >= everyMs;
  return isDue || entry.waitingBytes >= partBytes ? 'part' : undefined;
}
