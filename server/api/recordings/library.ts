// Recordings as a visitor may see them: each rule of access is applied here, for every route.
import { ParleyError } from '../../../shared/errors.ts';
import type { Film } from '../../../shared/recording/recording.ts';
import type { RoomRecording } from '../../../shared/room/room.ts';
import type { JobStore } from '../../cluster/jobs.ts';
import type { Catalog, ListPage } from '../../recording/catalog/catalog.ts';
import type { IndexEntry } from '../../recording/catalog/entry.ts';
import { FILM_JOB, filmJobPrefix } from '../../recording/catalog/film-job.ts';
import { filmKey, trackKey } from '../../recording/catalog/keys.ts';
import type { RoomRecordings } from './control.ts';
import { filmFileName, mediaType, trackFileName } from './file-names.ts';
import type { Visitor } from './gate.ts';
import type { SentObject } from './send-object.ts';
import { filmsOf, isVisible } from './views.ts';

export interface LibraryOptions {
  catalog: Catalog;
  control: RoomRecordings;
  jobs: Pick<JobStore, 'list'>;
}

export interface Found {
  entry: IndexEntry;
  /** What the room has now. Null: nothing; undefined: it cannot be asked. */
  current: RoomRecording | null | undefined;
}

export interface FoundPage extends Omit<ListPage, 'entries'> {
  found: Found[];
}

export class Library {
  readonly #catalog: Catalog;
  readonly #control: RoomRecordings;
  readonly #jobs: Pick<JobStore, 'list'>;

  constructor({ catalog, control, jobs }: LibraryOptions) {
    this.#catalog = catalog;
    this.#control = control;
    this.#jobs = jobs;
  }

  /** @throws ParleyError `not_found`: there is none, or it is not the visitor's; StoreError */
  async find(visitor: Visitor, id: string): Promise<Found> {
    const entry = await this.#catalog.get(id, roomOf(visitor));
    const found = entry && (await this.#withCurrent(entry));
    if (!found || !isVisible(visitor, found)) throw noSuchRecording();
    return found;
  }

  /** A recording whose deletion was interrupted. */
  async half(visitor: Visitor, id: string): Promise<IndexEntry | undefined> {
    const entry = await this.#catalog.getRemoving(id, roomOf(visitor));
    return entry && isVisible(visitor, { entry, current: null }) ? entry : undefined;
  }

  /** @throws ParleyError `not_found` for a room that is not the visitor's; StoreError */
  async list(
    visitor: Visitor,
    {
      room = roomOf(visitor),
      ...order
    }: { room?: string; query?: string; cursor?: string; limit: number },
  ): Promise<FoundPage> {
    if (visitor.sees === 'room' && visitor.room !== room) throw noSuchRecording();
    const current = new Map<string, Promise<Found['current']>>();
    const found: Found[] = [];
    const visible = async (entry: IndexEntry) => {
      const asked = isOver(entry) ? null : (current.get(entry.room) ?? this.#current(entry.room));
      if (asked) current.set(entry.room, asked);
      const each = { entry, current: await asked };
      if (!isVisible(visitor, each)) return false;
      found.push(each);
      return true;
    };
    const { cursor } = await this.#catalog.list({ ...order, room, visible });
    return { found, cursor };
  }

  /** @throws ParleyError `not_found`; StoreError */
  async object(
    entry: IndexEntry,
    name: string,
    kind?: 'files' | 'films',
  ): Promise<Omit<SentObject, 'download'>> {
    const file = kind === 'films' ? undefined : entry.files.find((each) => each.name === name);
    if (file) {
      const type = mediaType(name, file.kind === 'audio');
      return { key: trackKey(entry.folder, name), type, fileName: trackFileName(entry, file) };
    }
    const films = kind === 'files' ? [] : await this.#catalog.films(entry);
    const film = films.find((each) => each.name === name);
    if (!film) {
      throw new ParleyError('not_found', { message: 'This recording has no file of this name.' });
    }
    const type = mediaType(name, film.layout === 'audio');
    return { key: filmKey(entry.folder, name), type, fileName: filmFileName(entry, film) };
  }

  /** Without the store of jobs, those that are there already. @throws StoreError */
  async films(entry: IndexEntry): Promise<Film[]> {
    const [finished, jobs] = await Promise.all([
      this.#catalog.films(entry),
      this.#jobs.list(FILM_JOB, filmJobPrefix(entry.id)).catch(ifUnavailable([])),
    ]);
    return filmsOf(finished, jobs);
  }

  async #withCurrent(entry: IndexEntry): Promise<Found> {
    return { entry, current: isOver(entry) ? null : await this.#current(entry.room) };
  }

  async #current(room: string): Promise<Found['current']> {
    const asked = this.#control.current(room).then((current) => current ?? null);
    return asked.catch(ifUnavailable(undefined));
  }
}

export function noSuchRecording(): ParleyError {
  return new ParleyError('not_found', { message: 'There is no such recording.' });
}

/** The room in which a visitor's recordings are looked for. */
export function roomOf(visitor: Visitor): string | undefined {
  return visitor.sees === 'room' ? visitor.room : undefined;
}

/** Its room needs not be asked. */
function isOver({ state }: IndexEntry): boolean {
  return state === 'ready' || state === 'finishing';
}

function ifUnavailable<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof ParleyError && error.code === 'unavailable') return instead;
    throw error;
  };
}
