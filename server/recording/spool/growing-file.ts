// A file that is appended to: what was appended is on the disk when that is answered.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../stores/folders.ts';
import { StoreError } from '../stores/store.ts';
import { fileTrouble } from '../stores/trouble.ts';

export interface GrowingFile {
  readonly key: string;
  /** What is on the disk. */
  readonly bytes: number;
  /**
   * One after the other, each whole or not at all. It is on the disk when this resolves.
   *
   * @throws StoreError `full`: the disk, or what may wait in the memory; the file is as before, and a later append may
   *   succeed. Others: nothing more can be appended.
   */
  append(bytes: Buffer): Promise<void>;
  /** What was appended is written first. Idempotent. */
  close(): Promise<void>;
}

/** What waits for a disk that does not keep up: ten seconds of twenty tracks. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

export interface GrowingFileOptions {
  key: string;
  file: string;
  /** Called before each write. It throws what is to be thrown in place of writing. */
  mayWrite: () => Promise<void>;
  /** Called when more is on the disk. @param ends where each append ends that became durable */
  onGrown?: (ends: readonly number[]) => void;
  onClosed?: () => void;
}

interface Append {
  bytes: Buffer;
  resolve: () => void;
  reject: (error: StoreError) => void;
}

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0 } = constants;

export class DurableFile implements GrowingFile {
  readonly key: string;
  readonly #options: GrowingFileOptions;
  readonly #handle: FileHandle;
  #queue: Append[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #broken: StoreError | undefined;

  private constructor(options: GrowingFileOptions, handle: FileHandle) {
    this.key = options.key;
    this.#options = options;
    this.#handle = handle;
  }

  /** @throws StoreError; there must be no file of this name */
  static async open(options: GrowingFileOptions): Promise<DurableFile> {
    try {
      const flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW;
      const handle = await open(options.file, flags, 0o640);
      await syncFolder(path.dirname(options.file));
      return new DurableFile(options, handle);
    } catch (error) {
      throw fileTrouble(`${options.file} cannot be made`, error);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(bytes: Buffer): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (this.#closing) {
      const message = `${this.#options.file} is closed.`;
      return Promise.reject(new StoreError('unwritable', message));
    }
    if (bytes.length === 0) return Promise.resolve();
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      const message = `The disk of ${this.#options.file} does not keep up: ${this.#waitingBytes} bytes wait to be written.`;
      return Promise.reject(new StoreError('full', message));
    }
    this.#waitingBytes += bytes.length;
    const done = Promise.withResolvers<void>();
    this.#queue.push({ bytes, resolve: done.resolve, reject: done.reject });
    this.#writing ??= this.#drain();
    return done.promise;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
    this.#options.onClosed?.();
  }

  /** One write and one flush at a time: what comes meanwhile shares the next ones. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const error = await this.#write(batch.map(({ bytes }) => bytes));
      for (const { bytes, resolve, reject } of batch) {
        this.#waitingBytes -= bytes.length;
        if (error) reject(error);
        else resolve();
      }
    }
    this.#writing = undefined;
  }

  async #write(appends: readonly Buffer[]): Promise<StoreError | undefined> {
    if (this.#broken) return this.#broken;
    try {
      await this.#options.mayWrite();
    } catch (error) {
      return fileTrouble(`${this.#options.file} cannot be written`, error);
    }
    try {
      await writeAll(this.#handle, appends, this.#bytes);
      await this.#handle.datasync();
    } catch (cause) {
      return await this.#undo(fileTrouble(`${this.#options.file} cannot be written`, cause));
    }
    const ends = appends.map(({ length }) => {
      this.#bytes += length;
      return this.#bytes;
    });
    this.#options.onGrown?.(ends);
    return undefined;
  }

  /** Half an append would be a torn cluster in the middle of the file. */
  async #undo(error: StoreError): Promise<StoreError> {
    try {
      await this.#handle.truncate(this.#bytes);
    } catch {
      this.#broken = error;
    }
    return error;
  }
}

async function writeAll(
  handle: FileHandle,
  buffers: readonly Buffer[],
  position: number,
): Promise<void> {
  const bytes = buffers.length === 1 && buffers[0] ? buffers[0] : Buffer.concat(buffers);
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
