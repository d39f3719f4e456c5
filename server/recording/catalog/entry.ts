// What the index says of a recording: one JSON object each, read with this schema.
import * as v from 'valibot';
import {
  FileName,
  FilmOrder,
  RecordedFile,
  RecordedGap,
  RecordingState,
} from '../../../shared/recording/recording.ts';
import { Count, RecordingId, RoomName, Timestamp } from '../../../shared/room/room.ts';
import { folderOf, type RecordingPlace } from './keys.ts';

/** A film that is in the store. */
export const FinishedFilm = v.object({
  ...FilmOrder.entries,
  name: FileName,
  bytes: Count,
});
export type FinishedFilm = v.InferOutput<typeof FinishedFilm>;

const FOLDER_PART = /^[A-Za-z0-9._~-]+$/;
const Folder = v.pipe(
  v.string(),
  v.maxLength(1_000),
  v.check(
    (folder) =>
      folder.split('/').every((part) => FOLDER_PART.test(part) && !/^\.+$/.test(part)) &&
      !folder.startsWith('index/'),
    'not a folder of recordings',
  ),
);

export const IndexEntry = v.pipe(
  v.object({
    format: v.literal(1),
    id: RecordingId,
    room: RoomName,
    folder: Folder,
    startedAt: Timestamp,
    /** `paused` only the room knows: here it is `running`. */
    state: RecordingState,
    endedAt: v.nullable(Timestamp),
    participants: v.array(v.string()),
    files: v.array(RecordedFile),
    gaps: v.array(RecordedGap),
    /** The size of all files of tracks. */
    bytes: Count,
    films: v.exactOptional(v.array(FinishedFilm)),
    /** It is being deleted, and gone for everybody. Some of its objects may be there still. */
    deleting: v.exactOptional(v.literal(true)),
    /**
     * Since when, where that began before it was ready: the entry stays for a while, so that what is still written of it
     * is deleted as well. UTC milliseconds.
     */
    removedAt: v.exactOptional(Timestamp),
  }),
  // A deletion takes all that is in the folder: it must be of this recording alone.
  v.check(({ folder, id }) => folder.includes(id), 'the folder is not that of this recording'),
);
export type IndexEntry = v.InferOutput<typeof IndexEntry>;

/** The entry of a recording that begins. @param template RECORD_KEY_TEMPLATE */
export function newEntry(place: RecordingPlace, template: string): IndexEntry {
  return {
    format: 1,
    ...place,
    folder: folderOf(place, template),
    state: 'running',
    endedAt: null,
    participants: [],
    files: [],
    gaps: [],
    bytes: 0,
  };
}

/** What stays of a recording that is deleted: nobody's name. @param now UTC milliseconds */
export function removedEntry(entry: IndexEntry, now: number): IndexEntry {
  const { format, id, room, folder, startedAt, state, endedAt } = entry;
  const nothing = { participants: [], files: [], gaps: [], bytes: 0 };
  return {
    ...{ format, id, room, folder, startedAt, state, endedAt, ...nothing, deleting: true },
    ...(state !== 'ready' && { removedAt: now }),
  };
}

/** Whether it can be read again. */
export function isEntry(entry: IndexEntry): boolean {
  return v.is(IndexEntry, entry);
}

/** @returns undefined when it is not an entry */
export function readEntry(text: string): IndexEntry | undefined {
  try {
    const parsed = v.safeParse(IndexEntry, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
