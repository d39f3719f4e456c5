// Uploads files as they grow, in parts, and as a whole when they are closed. Nothing here is deleted before it is there.
import { open, rm, stat } from 'node:fs/promises';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { codeOf } from '../stores/folders.ts';
import { type RecordStore, StoreError, type StoreProblem } from '../stores/store.ts';
import { fileTrouble, remedyOf } from '../stores/trouble.ts';
import { deleteParts, typeOf } from './compose.ts';
import { partKey } from './parts.ts';
import { UploadEntry, workOf } from './upload-entry.ts';

/** A part is in the memory while it is sent: with all that is sent at once, 64 MiB. */
export const PART_BYTES = 8 * 1024 * 1024;
const AT_ONCE = 8;
const WHOLE_AT_ONCE = 4;
const LOOK_MS = 250;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;
/** A file that alone cannot be uploaded keeps the others from nothing. */
const OWN_WAIT_MS = 30_000;
/** Another process that joins parts of the same file may put its shorter one in place of ours, until it is done. */
const SECOND_LOOK_MS = 10_000;

export interface UploadState {
  /** Bytes that are on this machine alone. */
  waitingBytes: number;
  oldestWaitingMs: number;
  /** Undefined while all is well. */
  lastProblem?: StoreError;
}

export interface UploaderOptions {
  store: RecordStore;
  everyMs: number;
  log: Logger;
  resources: Resources;
  /** Called with the problem when uploads begin to fail, and without one when they work again. */
  onHealth: (problem: StoreError | undefined) => void;
  /** For tests. */
  partBytes?: number;
  secondLookMs?: number;
}

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #timer: Timer;
  readonly #entries = new Set<UploadEntry>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  readonly #listeners = new Set<() => void>();
  #whole = 0;
  #problem: StoreError | undefined;
  /** Codes of problems that the log has, until uploads work again. */
  readonly #said = new Set<StoreProblem>();
  #waitMs = FIRST_WAIT_MS;
  #notBefore = Number.NEGATIVE_INFINITY;
  #isClosing = false;

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#timer = options.resources.every(LOOK_MS, () => this.#look());
  }

  /** A file that begins to grow. */
  track(key: string, file: string): { grown(ends: readonly number[]): void; closed(): void } {
    const entry = new UploadEntry(key, file);
    this.#entries.add(entry);
    return {
      grown: (ends) => entry.grown(ends, performance.now()),
      closed: () => {
        entry.closed(performance.now());
        this.#look();
      },
    };
  }

  /** A whole file that a dead process left. @returns when it is in the store, and not here any more */
  adopt(key: string, file: string, bytes: number): Promise<void> {
    const entry = new UploadEntry(key, file, { bytes, now: performance.now() });
    this.#entries.add(entry);
    this.#look();
    return this.#until(() => !this.#entries.has(entry));
  }

  state(): UploadState {
    const now = performance.now();
    let waitingBytes = 0;
    let since = now;
    for (const entry of this.#entries) {
      waitingBytes += entry.waitingBytes;
      since = Math.min(since, entry.waitingSince ?? now);
    }
    return {
      ...{ waitingBytes, oldestWaitingMs: Math.round(now - since) },
      ...(this.#problem && { lastProblem: this.#problem }),
    };
  }

  /** Resolves when every file below this is closed and in the store as a whole, or when the uploader closes. */
  stored(prefix: string): Promise<void> {
    return this.#until(() => ![...this.#entries].some(({ key }) => key.startsWith(prefix)));
  }

  /**
   * What is not uploaded in time stays here.
   * @returns whether all was uploaded
   */
  async close(withinMs: number): Promise<boolean> {
    this.#isClosing = true;
    this.#look();
    const isDone = await this.#options.resources.atMost(
      withinMs,
      this.#until(() => this.#entries.size === 0),
    );
    this.#timer.close();
    this.#ended.abort();
    await Promise.allSettled(this.#running);
    this.#tell();
    return isDone;
  }

  #look(): void {
    const now = performance.now();
    if (this.#ended.signal.aborted || now < this.#notBefore) return;
    // As long as the store is in trouble one request finds out when it is over.
    const limit = this.#problem ? 1 : AT_ONCE;
    const waiting = [...this.#entries].filter(({ isBusy }) => !isBusy);
    waiting.sort((a, b) => (a.waitingSince ?? now) - (b.waitingSince ?? now));
    for (const entry of waiting) {
      if (this.#running.size >= limit) return;
      const work = workOf(entry, {
        ...{ now, everyMs: this.#isClosing ? 0 : this.#options.everyMs },
        ...{ partBytes: this.#partBytes, mayFinish: this.#whole < WHOLE_AT_ONCE },
      });
      if (work === undefined) continue;
      const done = this.#run(entry, work === 'finish').finally(() => {
        this.#running.delete(done);
        this.#look();
        this.#tell();
      });
      this.#running.add(done);
    }
  }

  get #partBytes(): number {
    return this.#options.partBytes ?? PART_BYTES;
  }

  async #run(entry: UploadEntry, isWhole: boolean): Promise<void> {
    entry.isBusy = true;
    if (isWhole) this.#whole++;
    try {
      if (isWhole) await this.#finish(entry);
      else await this.#part(entry);
      this.#succeeded();
    } catch (error) {
      if (!this.#ended.signal.aborted) await this.#failed(entry, error);
    } finally {
      entry.isBusy = false;
      if (isWhole) this.#whole--;
    }
  }

  async #part(entry: UploadEntry): Promise<void> {
    const part = entry.next(this.#partBytes);
    if (!part) return;
    const { signal } = this.#ended;
    const bytes = await bytesOf(entry.file, part.offset, part.bytes);
    await this.#options.store.write(
      partKey(entry.key, part.offset, part.bytes),
      { bytes },
      { signal },
    );
    entry.stored(part.offset + part.bytes);
  }

  async #finish(entry: UploadEntry): Promise<void> {
    const { store, secondLookMs = SECOND_LOOK_MS } = this.#options;
    const { key, file } = entry;
    const { size } = await stat(file).catch((error: unknown) => {
      throw fileTrouble(`${file} cannot be read`, error);
    });
    const known = entry.isAdopted ? ((await store.stat(key))?.bytes ?? -1) : -1;
    if (known < size && size > 0) {
      await store.write(key, { file }, { type: typeOf(key), signal: this.#ended.signal });
      entry.stored(size);
      if (entry.isAdopted) {
        entry.notBefore = performance.now() + secondLookMs;
        return;
      }
    }
    await deleteParts(store, key, Math.max(size, known));
    await rm(file, { force: true });
    this.#entries.delete(entry);
  }

  #succeeded(): void {
    this.#waitMs = FIRST_WAIT_MS;
    this.#notBefore = Number.NEGATIVE_INFINITY;
    if (!this.#problem) return;
    this.#problem = undefined;
    this.#said.clear();
    this.#options.log.info('what was recorded is uploaded again');
    this.#options.onHealth(undefined);
  }

  async #failed(entry: UploadEntry, cause: unknown): Promise<void> {
    const { log, store } = this.#options;
    const isKnown = cause instanceof StoreError;
    const error = isKnown ? cause : new StoreError('failing', String(cause), { cause });
    const now = performance.now();
    if (error.code === 'missing' && (await isGone(entry.file))) {
      log.error({ key: entry.key }, 'a recorded file has gone from this machine before its upload');
      this.#entries.delete(entry);
      return;
    }
    if (error.code === 'corrupt' || error.code === 'missing' || !isKnown) {
      entry.notBefore = now + OWN_WAIT_MS;
      log.error({ key: entry.key, err: error }, 'a recorded file cannot be uploaded');
      return;
    }
    this.#notBefore = now + this.#waitMs * (0.5 + Math.random() / 2);
    this.#waitMs = Math.min(this.#waitMs * 2, MAX_WAIT_MS);
    this.#problem = error;
    if (this.#said.has(error.code)) return;
    this.#said.add(error.code);
    const { place } = store;
    log.error(
      { place, code: error.code, problem: error.message, remedy: remedyOf(error.code) },
      'what is recorded cannot be uploaded, and waits on this machine',
    );
    this.#options.onHealth(error);
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds() && !this.#ended.signal.aborted) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of [...this.#listeners]) look();
  }
}

async function bytesOf(file: string, offset: number, length: number): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      const bytes = Buffer.allocUnsafe(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
        if (bytesRead === 0) throw new StoreError('corrupt', `${file} is shorter than it was.`);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileTrouble(`${file} cannot be read`, error);
  }
}

async function isGone(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}
