// The floor of free disk below which nothing is recorded: what else is on the disk needs room as well.
import { statfs } from 'node:fs/promises';
import { nearestExisting } from '../stores/folders.ts';
import { StoreError } from '../stores/store.ts';
import { fileTrouble } from '../stores/trouble.ts';

const MEGABYTE = 1024 * 1024;
/** Fifty recordings write some 20 MB in this time. */
const LOOK_MS = 1_000;

export class FreeSpace {
  readonly #folder: string;
  readonly #floorBytes: number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #look: Promise<number> | undefined;

  constructor(folder: string, floorMb: number) {
    this.#folder = folder;
    this.#floorBytes = floorMb * MEGABYTE;
  }

  /** @throws StoreError `full` below the floor */
  async require(): Promise<void> {
    if (this.#floorBytes === 0) return;
    const now = performance.now();
    if (!this.#look || now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#look = freeBytesOf(this.#folder);
    }
    // Those that come while it is looked at wait for the same look.
    const found = await this.#look;
    if (found >= this.#floorBytes) return;
    const [free, floor] = [found, this.#floorBytes].map((bytes) => Math.floor(bytes / MEGABYTE));
    throw new StoreError(
      'full',
      `${free} MB are free on the disk of ${this.#folder}, and RECORD_FREE_DISK_MB keeps ${floor} MB free: nothing is recorded.`,
    );
  }
}

/** Bytes that this user may still write there, or will when the folder is made. @throws StoreError */
export async function freeBytesOf(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(await nearestExisting(folder));
    return bavail * bsize;
  } catch (error) {
    throw fileTrouble(`The free space of ${folder} cannot be read`, error);
  }
}
