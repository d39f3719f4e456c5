// A store of the memory that fails before or after it has done what it was to do. For property tests.
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  type ByteRange,
  type Content,
  type RecordStore,
  type StoredObject,
  StoreError,
} from '../../../server/recording/stores/store.ts';

export class MemoryStore implements RecordStore {
  readonly place = 'the memory of a test';
  /** `after`: it is done, and not said so. */
  trouble: 'none' | 'before' | 'after' = 'none';
  readonly #objects = new Map<string, Buffer>();

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const found = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of await this.#do(() => found)) {
      yield { key, bytes: this.#objects.get(key)?.length ?? 0, modifiedAt: 0 };
    }
  }

  stat(key: string): Promise<StoredObject | undefined> {
    return this.#do(() => {
      const bytes = this.#objects.get(key)?.length;
      return bytes === undefined ? undefined : { key, bytes, modifiedAt: 0 };
    });
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const bytes = await this.#do(() => this.#get(key));
    return Readable.from([range ? bytes.subarray(range.first, range.last + 1) : bytes]);
  }

  async write(key: string, content: Content): Promise<void> {
    const bytes = 'bytes' in content ? content.bytes : await readFile(content.file);
    await this.#do(() => void this.#objects.set(key, bytes));
  }

  async join(key: string, parts: readonly string[]): Promise<void> {
    const bytes = Buffer.concat(parts.map((part) => this.#get(part)));
    await this.#do(() => void this.#objects.set(key, bytes));
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#do(() => {
      for (const key of keys) this.#objects.delete(key);
    });
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  #get(key: string): Buffer {
    const bytes = this.#objects.get(key);
    if (bytes) return bytes;
    throw new StoreError('missing', `There is no ${key}.`);
  }

  async #do<T>(action: () => T): Promise<T> {
    const { trouble } = this;
    if (trouble === 'before') throw new StoreError('failing', 'It failed before.');
    const done = action();
    if (trouble === 'after') throw new StoreError('failing', 'It failed after.');
    return done;
  }
}
