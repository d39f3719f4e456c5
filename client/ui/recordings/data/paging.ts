// The list of recordings as its pages arrive and change. Pure.
import type {
  Film,
  RecordingDetails,
  RecordingList,
  RecordingSummary,
} from '../../../../shared/recording/recording.ts';

/** What the page has of the list: newest first. */
export interface Listed {
  recordings: readonly RecordingSummary[];
  /** The cursor of the next page; null at the end. */
  cursor: string | null;
}

/** The list with its next page. One that is there already stays where it is. */
export function withNext(before: Listed, page: RecordingList): Listed {
  const known = new Set(before.recordings.map(({ id }) => id));
  const more = page.recordings.filter(({ id }) => !known.has(id));
  return { recordings: [...before.recordings, ...more], cursor: page.cursor };
}

/**
 * The list after its first page was read again: new ones in front, changed ones changed, deleted ones gone. What was
 * read of later pages stays.
 */
export function refreshed(before: Listed | undefined, first: RecordingList): Listed {
  const last = first.recordings.at(-1);
  if (!before || first.cursor === null || last === undefined) return first;
  // Ids sort by the start of their recordings.
  const older = before.recordings.filter(({ id }) => id < last.id);
  if (older.length === 0) return first;
  return { recordings: [...first.recordings, ...older], cursor: before.cursor };
}

export function without(before: Listed | undefined, id: string): Listed | undefined {
  return before && { ...before, recordings: before.recordings.filter((each) => each.id !== id) };
}

/** Whether it may change without anybody's doing. */
export function isUnderWay({ state }: RecordingSummary): boolean {
  return state !== 'ready';
}

export function isFilmUnderWay({ state }: Film): boolean {
  return state === 'waiting' || state === 'rendering';
}

export function isBusy(details: RecordingDetails): boolean {
  return isUnderWay(details) || details.films.some(isFilmUnderWay);
}

export type ReadyFilm = Film & { name: string };

export function isReady(film: Film): film is ReadyFilm {
  return film.state === 'ready' && film.name !== undefined;
}

/** The one to play, to share and to download where none was chosen: with a picture, if there is one. */
export function bestFilm({ films }: RecordingDetails): ReadyFilm | undefined {
  const ready = films.filter(isReady);
  return ready.find(({ layout }) => layout !== 'audio') ?? ready[0];
}
