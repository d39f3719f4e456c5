// The catalog: which recordings there are in the store, written, searched and deleted.
import type { Logger } from '../../telemetry/log.ts';
import type { RecordStore } from '../stores/store.ts';
import { type FinishedFilm, type IndexEntry, removedEntry } from './entry.ts';
import { type Facts, IndexFacts, mapAtMost, READS_AT_ONCE } from './facts.ts';
import { type IndexItem, IndexReader } from './index-reader.ts';
import { filmPrefix, indexKey, startOf } from './keys.ts';
import { matcher } from './search.ts';

export interface CatalogOptions {
  log: Logger;
  /** Milliseconds of any clock that does not run backwards. */
  now?: () => number;
}

export interface ListOrder {
  /** Recordings of this room alone. */
  room?: string | undefined;
  /** Words to search for. */
  query?: string | undefined;
  /** From the page before. */
  cursor?: string | undefined;
  limit: number;
  /** What the asking one may see. */
  visible?: (entry: IndexEntry) => boolean | Promise<boolean>;
}

export interface ListPage {
  /** The newest first. There may be fewer than asked for, even none, before the end. */
  entries: IndexEntry[];
  /** Null at the end. */
  cursor: string | null;
}

/** Entries that one request reads: a search for what is rare goes on with the next page. */
const SCANNED = 500;
/** Entries read ahead of those that are looked at. */
const CHUNK = 50;
/** Objects that are deleted with one call: S3 takes 1,000. */
const DELETED_AT_ONCE = 500;
/** Listings of one folder while it is deleted: a film may have been on its way. */
const DELETE_ROUNDS = 3;
/**
 * What is written of a recording that was deleted before it was ready is deleted as well, for as long as this. Uploads of
 * a machine that comes back take hours; nobody repairs one for longer than a week.
 */
export const REMOVED_MS = 7 * 86_400_000;
/** Writers that do not see that an entry is being deleted, at most: each has read it just before. */
const OVERWRITTEN = 3;
/** How old the sum of all bytes may be. */
const TOTAL_MS = 60_000;
/** How old a listing of films may be: a player asks for parts of one all the time. */
const FILMS_MS = 3_000;
/** Recordings whose films are remembered. */
const FILMS_KEPT = 200;
const DAY_MS = 86_400_000;
const FILM_NAME = /^(grid|speaker|screen|audio)-\d{1,9}\.(mp4|webm)$/;

/** Every method throws StoreError when the store does not answer. */
export class Catalog {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #index: IndexReader;
  readonly #facts: IndexFacts;
  readonly #films = new Map<string, { at: number; names: Promise<ReadonlyMap<string, number>> }>();
  #total: { at: number; bytes: Promise<number> } | undefined;

  constructor(store: RecordStore, { log, now = () => performance.now() }: CatalogOptions) {
    this.#store = store;
    this.#now = now;
    this.#index = new IndexReader(store, log, now);
    this.#facts = new IndexFacts(this.#index);
  }

  async list({ room, query = '', cursor, limit, visible }: ListOrder): Promise<ListPage> {
    const all = await this.#index.items(room);
    const rest = cursor === undefined ? all : all.filter(({ id }) => id < cursor);
    const matches = matcher(query);
    const entries: IndexEntry[] = [];
    let last: string | undefined;
    const scanned = rest.slice(0, SCANNED);
    for (let at = 0; at < scanned.length && entries.length < limit; at += CHUNK) {
      const chunk = scanned.slice(at, at + CHUNK);
      const read = await mapAtMost(READS_AT_ONCE, chunk, (item) => this.#index.entryOf(item));
      for (const [index, item] of chunk.entries()) {
        if (entries.length === limit) return { entries, cursor: last ?? null };
        last = item.id;
        const entry = read[index];
        if (!entry || !isOf(entry, item, room) || !matches(entry)) continue;
        if (!visible || (await visible(entry))) entries.push(entry);
      }
    }
    const isEnd = last === rest.at(-1)?.id;
    return { entries, cursor: isEnd ? null : (last ?? null) };
  }

  /**
   * @param room of another room's recordings nothing is found, as if there were none
   * @returns undefined when there is none, or it is being deleted
   */
  async get(id: string, room?: string): Promise<IndexEntry | undefined> {
    const entry = await this.#find(id, room);
    return entry?.deleting ? undefined : entry;
  }

  /** A recording whose deletion was interrupted: it is gone for everybody, but `remove` has to go on. */
  async getRemoving(id: string, room?: string): Promise<IndexEntry | undefined> {
    const entry = await this.#find(id, room);
    return entry?.deleting ? entry : undefined;
  }

  /** The films of a recording that are in the store, the oldest first. */
  async films({ id, folder, films = [] }: IndexEntry): Promise<FinishedFilm[]> {
    const names = await this.#filmNames(id, folder);
    return [...names].flatMap(([name, bytes]) => {
      const told = films.find((film) => film.name === name);
      if (told) return { ...told, bytes };
      const [, layout, format] = FILM_NAME.exec(name) ?? [];
      if (layout === undefined || format === undefined) return [];
      return { layout, format, chat: false, name, bytes } as FinishedFilm;
    });
  }

  /** Idempotent. What is finished, or being deleted, stays as it is. */
  async begin(entry: IndexEntry): Promise<void> {
    if (await this.#index.entryNow(indexKey(entry))) return;
    await this.#write(entry);
  }

  /**
   * Replaces the entry. Films that it does not name stay.
   * @returns false when the recording is being deleted: nothing was written
   */
  async finish(entry: IndexEntry): Promise<boolean> {
    const before = await this.#index.entryNow(indexKey(entry));
    if (before?.deleting) return false;
    await this.#write({ ...(before?.films && { films: before.films }), ...entry });
    return true;
  }

  /** @returns false when the recording is deleted: the film is of no use */
  async addFilm(id: string, film: FinishedFilm, room?: string): Promise<boolean> {
    const known = await this.#find(id, room);
    const before = known && (await this.#index.entryNow(indexKey(known)));
    if (!before || before.deleting) return false;
    const others = (before.films ?? []).filter(({ name }) => name !== film.name);
    await this.#write({ ...before, films: [...others, film] });
    this.#films.delete(id);
    return true;
  }

  /**
   * Deletes all that there is of a recording. First of all it is gone for everybody; called again, it goes on where
   * it was interrupted. Idempotent.
   *
   * @param now UTC milliseconds
   * @returns false while something of it may still be written: the housekeeper calls it again
   */
  async remove(id: string, room?: string, now = Date.now()): Promise<boolean> {
    const known = await this.#find(id, room);
    const key = known && indexKey(known);
    let entry = key && (await this.#index.entryNow(key));
    if (!key || !entry) return true;
    for (let times = 0; times <= OVERWRITTEN; times += 1) {
      if (!entry.deleting) await this.#write(removedEntry(entry, now));
      for (let round = 0; round < DELETE_ROUNDS; round += 1) {
        if ((await this.#empty(`${entry.folder}/`)) === 0) break;
      }
      this.#films.delete(id);
      entry = await this.#index.entryNow(key);
      // Another process has deleted it.
      if (!entry) return true;
      if (entry.deleting) break;
    }
    const { removedAt } = entry;
    if (removedAt !== undefined && now - removedAt < REMOVED_MS) return false;
    await this.#store.delete([key]);
    this.#index.changed(key);
    return true;
  }

  /** Recordings that run, or wait for somebody to put their files in order. */
  async unfinished(): Promise<Facts[]> {
    return (await this.#facts.all()).filter(
      ({ state, deleting }) => !deleting && state !== 'ready',
    );
  }

  /** Recordings whose deletion was interrupted: `remove` goes on with it. */
  async removing(): Promise<Facts[]> {
    return (await this.#facts.all()).filter(({ deleting }) => deleting);
  }

  /** Finished recordings that ended more than so many days ago. @param now UTC milliseconds */
  async expired(days: number, now: number): Promise<Facts[]> {
    if (days === 0) return [];
    const before = now - days * DAY_MS;
    // The id says when it began: of the younger ones nothing is read.
    const facts = await this.#facts.all(({ id }) => startOf(id) < before);
    return facts.filter(
      ({ state, endedAt, deleting }) =>
        !deleting && state === 'ready' && endedAt !== null && endedAt < before,
    );
  }

  /** Bytes of all tracks and films, a minute old at most. */
  totalBytes(): Promise<number> {
    if (this.#total && this.#now() - this.#total.at < TOTAL_MS) return this.#total.bytes;
    const bytes = this.#facts
      .all()
      .then((all) => all.reduce((sum, facts) => sum + facts.bytes + facts.filmBytes, 0));
    const total = { at: this.#now(), bytes };
    this.#total = total;
    bytes.catch(() => {
      if (this.#total === total) this.#total = undefined;
    });
    return bytes;
  }

  async #find(id: string, room: string | undefined): Promise<IndexEntry | undefined> {
    const key = room === undefined ? await this.#index.keyOf(id) : indexKey({ room, id });
    const entry = key === undefined ? undefined : await this.#index.entryAt(key);
    return entry && entry.id === id && (room === undefined || entry.room === room)
      ? entry
      : undefined;
  }

  async #write(entry: IndexEntry): Promise<void> {
    const key = indexKey(entry);
    const bytes = Buffer.from(JSON.stringify(entry));
    try {
      await this.#store.write(key, { bytes }, { type: 'application/json' });
    } finally {
      // A write that failed may have happened.
      this.#index.changed(key);
    }
  }

  /** @returns how many objects there were */
  async #empty(prefix: string): Promise<number> {
    let keys: string[] = [];
    let count = 0;
    for await (const { key } of this.#store.list(prefix)) {
      keys.push(key);
      count += 1;
      if (keys.length < DELETED_AT_ONCE) continue;
      await this.#store.delete(keys);
      keys = [];
    }
    if (keys.length > 0) await this.#store.delete(keys);
    return count;
  }

  #filmNames(id: string, folder: string): Promise<ReadonlyMap<string, number>> {
    const known = this.#films.get(id);
    if (known && this.#now() - known.at < FILMS_MS) return known.names;
    const names = this.#listFilms(filmPrefix(folder));
    const listing = { at: this.#now(), names };
    this.#films.delete(id);
    this.#films.set(id, listing);
    const [oldest] = this.#films.keys();
    if (this.#films.size > FILMS_KEPT && oldest !== undefined) this.#films.delete(oldest);
    names.catch(() => {
      if (this.#films.get(id) === listing) this.#films.delete(id);
    });
    return names;
  }

  async #listFilms(prefix: string): Promise<ReadonlyMap<string, number>> {
    const found: [name: string, bytes: number, at: number][] = [];
    for await (const { key, bytes, modifiedAt } of this.#store.list(prefix)) {
      found.push([key.slice(prefix.length), bytes, modifiedAt]);
    }
    found.sort((a, b) => a[2] - b[2]);
    return new Map(found.map(([name, bytes]) => [name, bytes]));
  }
}

/** Whether an entry is what its key says, and may be shown. */
function isOf(entry: IndexEntry, { key }: IndexItem, room: string | undefined): boolean {
  return !entry.deleting && indexKey(entry) === key && (room === undefined || entry.room === room);
}
