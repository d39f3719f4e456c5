// The names of a recording's objects in the store. Pure: two different things never have the same name.
import { createHash } from 'node:crypto';

export interface RecordingPlace {
  id: string;
  room: string;
  /** UTC milliseconds. */
  startedAt: number;
}

/** Where the index is. No folder of a recording begins with it. */
export const INDEX = 'index/';
const DEFAULT_TEMPLATE = 'recordings/{room}/{id}';
/** Bytes of one part of a path: file systems end at 255, and stores add endings to it. */
const MAX_PART = 199;
/** S3 ends keys at 1,024 bytes. The longest name in a folder has 200, and what is before it ten. */
const MAX_FOLDER = 600;
/** Rooms that are called like this stand in keys as they are: no file system confuses two of them. */
const PLAIN_ROOM = /^[a-z0-9][a-z0-9_-]*$/;
const INDEX_KEY = /^index\/([a-z0-9_~-]+)\/(\d{8}T\d{6}Z-[0-9a-z]{10})\.json$/;

/**
 * A room's name as one part of a path, up to 97 letters of ASCII. Other scripts are hashed: some file systems store
 * two spellings of a letter as one.
 */
export function roomPart(room: string): string {
  if (PLAIN_ROOM.test(room) && room.length <= 64) return room;
  const readable = room
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .slice(0, 64);
  // No plain room has a tilde. 160 bits: nobody finds two rooms with the same.
  const digest = createHash('sha256').update(room).digest('hex').slice(0, 40);
  return `${readable}~${digest}`.slice(-MAX_PART);
}

/** The folder of a recording, without a slash at the end. Its id is in it. @param template RECORD_KEY_TEMPLATE */
export function folderOf(place: RecordingPlace, template: string): string {
  const folder = filled(place, template);
  const parts = folder.split('/');
  const isUsable =
    folder.length <= MAX_FOLDER &&
    folder.includes(place.id) &&
    parts.every((part) => /^[A-Za-z0-9._~-]+$/.test(part) && !/^\.+$/.test(part)) &&
    parts.every((part) => part.length <= MAX_PART) &&
    parts[0] !== 'index';
  // A recording is worth more than a template that cannot be kept.
  return isUsable ? folder : filled(place, DEFAULT_TEMPLATE);
}

function filled({ id, room }: RecordingPlace, template: string): string {
  return (
    template
      .replaceAll('{room}', () => roomPart(room))
      // The day comes from the id: two processes that begin the same recording have read different clocks.
      .replaceAll('{date}', () => new Date(startOf(id)).toISOString().slice(0, 10))
      .replaceAll('{id}', () => id)
  );
}

export function indexKey({ room, id }: Pick<RecordingPlace, 'id' | 'room'>): string {
  return `${indexPrefix(room)}${id}.json`;
}

/** What the keys of a room's index entries begin with; those of all rooms without one. */
export function indexPrefix(room?: string): string {
  return room === undefined ? INDEX : `${INDEX}${roomPart(room)}/`;
}

/** The id that an index key is of. @returns undefined for keys of anything else */
export function idOfIndexKey(key: string): string | undefined {
  return INDEX_KEY.exec(key)?.[2];
}

/** @param file its name: see FileName */
export function trackKey(folder: string, file: string): string {
  return `${folder}/tracks/${file}`;
}

/** The growing log of one recorder. */
export function logKey(folder: string, writer: string): string {
  return `${folder}/log/${writer}.jsonl`;
}

/** All logs together, once the recording is finished. */
export function manifestKey(folder: string): string {
  return `${folder}/manifest.jsonl`;
}

/** What the keys of a recording's films begin with. */
export function filmPrefix(folder: string): string {
  return `${folder}/films/`;
}

/** @param name such as `grid-1.mp4`: see FileName */
export function filmKey(folder: string, name: string): string {
  return `${filmPrefix(folder)}${name}`;
}

/** When a recording began, from its id. UTC milliseconds, in whole seconds. */
export function startOf(id: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  return Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}
