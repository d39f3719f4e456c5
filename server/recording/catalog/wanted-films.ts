// Films that are ordered and not made yet, beside the index: jobs are in the cluster's store, which may lose its memory.
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { type RecordStore, StoreError } from '../stores/store.ts';
import { FilmPayload, filmJobKey } from './film-job.ts';
import { INDEX } from './keys.ts';

/** No room's entries are there: the part of a room has forty digits after a tilde. */
const WANTED = `${INDEX}~wanted/`;
/** Films that are read with one look: the next one goes on, as those before it are made or given up. */
const READ_AT_ONCE = 500;

/** Every method throws StoreError when the store does not answer. */
export class WantedFilms {
  readonly #store: RecordStore;

  constructor(store: RecordStore) {
    this.#store = store;
  }

  /** Idempotent. */
  async add(film: FilmPayload): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(film));
    await this.#store.write(keyOf(film), { bytes }, { type: 'application/json' });
  }

  /** It is made, or given up. Idempotent. */
  async settle(film: FilmPayload): Promise<void> {
    await this.#store.delete([keyOf(film)]);
  }

  /** The oldest recordings first. */
  async all(): Promise<FilmPayload[]> {
    const keys: string[] = [];
    for await (const { key } of this.#store.list(WANTED)) {
      keys.push(key);
      if (keys.length === READ_AT_ONCE) break;
    }
    const found: FilmPayload[] = [];
    for (const key of keys) {
      const film = await this.#read(key);
      if (film && keyOf(film) === key) found.push(film);
    }
    return found;
  }

  async #read(key: string): Promise<FilmPayload | undefined> {
    try {
      const parsed = v.safeParse(FilmPayload, JSON.parse(await text(await this.#store.read(key))));
      return parsed.success ? parsed.output : undefined;
    } catch (error) {
      // It was settled this moment, or is no JSON.
      if (error instanceof StoreError && error.code !== 'missing') throw error;
      return undefined;
    }
  }
}

function keyOf({ recording, order: { layout, format } }: FilmPayload): string {
  return `${WANTED}${filmJobKey(recording, layout, format).replace('/', '~')}.json`;
}
