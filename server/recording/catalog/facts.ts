// The few facts of every recording that totals and finishers need, remembered as long as the index has it unchanged.
import type { IndexEntry } from './entry.ts';
import type { IndexItem, IndexReader } from './index-reader.ts';

export type Facts = Pick<
  IndexEntry,
  'id' | 'room' | 'state' | 'startedAt' | 'endedAt' | 'bytes'
> & {
  deleting: boolean;
  /** The size of its films. */
  filmBytes: number;
};

/** Entries that are read from the store at once: more would take its connections from recorders. */
export const READS_AT_ONCE = 8;

export class IndexFacts {
  readonly #reader: IndexReader;
  readonly #known = new Map<string, { stamp: string; facts: Facts | undefined }>();

  constructor(reader: IndexReader) {
    this.#reader = reader;
  }

  /**
   * The newest first. The first call reads each entry.
   * @param isWanted those that it refuses are not read
   * @throws StoreError
   */
  async all(isWanted: (item: IndexItem) => boolean = () => true): Promise<Facts[]> {
    const every = await this.#reader.items();
    const items = every.filter(isWanted);
    const found = await mapAtMost(READS_AT_ONCE, items, async (item) => ({
      item,
      facts: await this.#of(item),
    }));
    const listed = new Set(every.map(({ key }) => key));
    for (const key of this.#known.keys()) if (!listed.has(key)) this.#known.delete(key);
    for (const { item, facts } of found) this.#known.set(item.key, { stamp: item.stamp, facts });
    return found.flatMap(({ facts }) => facts ?? []);
  }

  async #of(item: IndexItem): Promise<Facts | undefined> {
    const known = this.#known.get(item.key);
    if (known?.stamp === item.stamp) return known.facts;
    const entry = await this.#reader.entryOf(item);
    return entry && factsOf(entry);
  }
}

function factsOf(entry: IndexEntry): Facts {
  const { id, room, state, startedAt, endedAt, bytes, films = [] } = entry;
  const filmBytes = films.reduce((sum, film) => sum + film.bytes, 0);
  return {
    id,
    room,
    state,
    startedAt,
    endedAt,
    bytes,
    filmBytes,
    deleting: entry.deleting === true,
  };
}

/** @returns the results in the order of the items. The first failure ends it. */
export async function mapAtMost<T, R>(
  atOnce: number,
  items: readonly T[],
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const rest = items.entries();
  const work = async () => {
    for (const [at, item] of rest) results[at] = await action(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return results;
}
