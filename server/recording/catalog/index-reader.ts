// The index as it is in the store, with a small memory: many requests at once cost the store one read.
import type { Readable } from 'node:stream';
import type { Logger } from '../../telemetry/log.ts';
import { type RecordStore, StoreError } from '../stores/store.ts';
import { type IndexEntry, readEntry } from './entry.ts';
import { idOfIndexKey, indexPrefix } from './keys.ts';

/** An entry as a listing shows it. */
export interface IndexItem {
  readonly id: string;
  readonly key: string;
  /** Changes whenever the object does. */
  readonly stamp: string;
}

interface Known {
  entry: IndexEntry | undefined;
  /** Undefined when it was read without a listing. */
  stamp: string | undefined;
  readAt: number;
  /** Characters that were read: what it takes of the memory. */
  size: number;
}

/** How old an answer may be: another replica may have changed the index. */
const FRESH_MS = 3_000;
/** The same for a listing that did not show what is asked for: it may have begun just now. */
const FRESH_ENOUGH_MS = 500;
/** Characters of entries that are remembered: some thousand recordings. */
const REMEMBERED = 16_000_000;
/** Listings that are remembered: of all rooms, and of those that are looked at. */
const LISTINGS = 50;
/** An entry of a recording with 10,000 files is 3 MB. */
const MAX_ENTRY_BYTES = 8_000_000;

export class IndexReader {
  readonly #store: RecordStore;
  readonly #log: Logger;
  readonly #now: () => number;
  /** By key, the one that was used last at the end. */
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<IndexEntry | undefined>>();
  readonly #listings = new Map<string, { at: number; items: Promise<readonly IndexItem[]> }>();
  /** By id: index keys as far as they were seen. */
  #keys = new Map<string, string>();
  #size = 0;

  /** @param now milliseconds of any clock that does not run backwards */
  constructor(store: RecordStore, log: Logger, now: () => number) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
  }

  /** The newest recordings first; those of one room, or all. @throws StoreError */
  items(room?: string, freshMs = FRESH_MS): Promise<readonly IndexItem[]> {
    const prefix = indexPrefix(room);
    const known = this.#listings.get(prefix);
    if (known && this.#now() - known.at < freshMs) return known.items;
    const items = this.#list(prefix);
    const listing = { at: this.#now(), items };
    this.#listings.delete(prefix);
    this.#listings.set(prefix, listing);
    const [oldest] = this.#listings.keys();
    if (this.#listings.size > LISTINGS && oldest !== undefined) this.#listings.delete(oldest);
    items.catch(() => {
      if (this.#listings.get(prefix) === listing) this.#listings.delete(prefix);
    });
    return items;
  }

  /** The entry that a listing showed. @returns undefined when it is gone, or cannot be read. @throws StoreError */
  entryOf({ key, stamp }: IndexItem): Promise<IndexEntry | undefined> {
    const known = this.#touch(key);
    if (known?.stamp === stamp) return Promise.resolve(known.entry);
    return this.#readOnce(key, stamp);
  }

  /** The entry as it was three seconds ago at most. @throws StoreError */
  entryAt(key: string): Promise<IndexEntry | undefined> {
    const known = this.#touch(key);
    if (known && this.#now() - known.readAt < FRESH_MS) return Promise.resolve(known.entry);
    return this.#readOnce(key, undefined);
  }

  /** The entry as it is now. @throws StoreError */
  entryNow(key: string): Promise<IndexEntry | undefined> {
    this.changed(key);
    return this.#readOnce(key, undefined);
  }

  /** The key of a recording whose room is not known. @throws StoreError */
  async keyOf(id: string): Promise<string | undefined> {
    const seen = this.#keys.get(id);
    if (seen !== undefined) return seen;
    await this.items(undefined, FRESH_ENOUGH_MS);
    return this.#keys.get(id);
  }

  /** This process has written the object, or deleted it: what was read of it counts no more. */
  changed(key: string): void {
    this.#forget(key);
    this.#reading.delete(key);
    this.#listings.clear();
    const id = idOfIndexKey(key);
    if (id !== undefined) this.#keys.set(id, key);
  }

  async #list(prefix: string): Promise<readonly IndexItem[]> {
    const items: IndexItem[] = [];
    for await (const { key, bytes, modifiedAt } of this.#store.list(prefix)) {
      const id = idOfIndexKey(key);
      if (id !== undefined) items.push({ id, key, stamp: `${bytes} ${modifiedAt}` });
    }
    if (prefix === indexPrefix()) this.#keys = new Map();
    for (const { id, key } of items) this.#keys.set(id, key);
    return items.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  #readOnce(key: string, stamp: string | undefined): Promise<IndexEntry | undefined> {
    const under = this.#reading.get(key);
    if (under) return under;
    const isNewest = () => this.#reading.get(key) === reading;
    const reading: Promise<IndexEntry | undefined> = this.#read(key, stamp, isNewest).finally(
      () => {
        if (isNewest()) this.#reading.delete(key);
      },
    );
    this.#reading.set(key, reading);
    return reading;
  }

  /** @param counts whether nothing was written meanwhile */
  async #read(
    key: string,
    stamp: string | undefined,
    counts: () => boolean,
  ): Promise<IndexEntry | undefined> {
    const readAt = this.#now();
    const text = await this.#text(key);
    const entry = text === undefined ? undefined : readEntry(text);
    if (text !== undefined && entry === undefined) {
      this.#log.warn({ key }, 'an index entry of a recording cannot be read: it is left out');
    }
    if (text !== undefined && counts()) {
      this.#forget(key);
      this.#known.set(key, { entry, stamp, readAt, size: text.length });
      this.#size += text.length;
      for (const oldest of this.#known.keys()) {
        if (this.#size <= REMEMBERED) break;
        this.#forget(oldest);
      }
    }
    return entry;
  }

  async #text(key: string): Promise<string | undefined> {
    try {
      return await textOf(await this.#store.read(key), MAX_ENTRY_BYTES);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'missing') return undefined;
      throw error;
    }
  }

  #touch(key: string): Known | undefined {
    const known = this.#known.get(key);
    if (!known) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known;
  }

  #forget(key: string): void {
    this.#size -= this.#known.get(key)?.size ?? 0;
    this.#known.delete(key);
  }
}

/** What is longer than `maxBytes` is cut off, and so no JSON. */
async function textOf(stream: Readable, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
