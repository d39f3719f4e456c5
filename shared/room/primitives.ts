// What operations are made of: conditions that a room must meet, and writes to it. Pure.
// Here they work on a snapshot; server/cluster/lua/rooms/primitives.lua does the same in Redis.
import type { ErrorCode } from '../errors.ts';
import type { ChatMessage, Participant, RoomRecording, RoomSnapshot, Track } from './room.ts';

/** Lists of items that are put and dropped by their id, and keep the order in which they came. */
interface Items {
  participants: Participant;
  tracks: Track;
  recordings: RoomRecording;
}
export type ItemList = keyof Items;
/** Each item of these belongs to a participant: `participantId`. */
export type OwnedList = 'tracks';
/** `chat` only grows: its oldest messages go when it is too long. */
export type RoomList = ItemList | 'chat';

type Field<List extends ItemList> = keyof Items[List] & string;
/** What conditions compare, and what a field may be changed to. */
type Scalar = string | number | boolean;

type Put = { [List in ItemList]: { write: 'put'; list: List; item: Items[List] } }[ItemList];
type FieldIs = {
  [List in ItemList]: {
    is: 'field';
    list: List;
    id: string;
    field: Field<List>;
    values: readonly Scalar[];
  };
}[ItemList];
type SetField = {
  [List in ItemList]: {
    write: 'set';
    list: List;
    id: string;
    /** Neither the id nor the owner of an item ever changes. */
    field: Exclude<Field<List>, 'id' | 'participantId'>;
    value: Scalar;
  };
}[ItemList];

export type Condition =
  | { is: 'present' | 'absent'; list: RoomList; id: string }
  /** The item is there, and its field has one of these values. */
  | FieldIs
  | { is: 'field'; list: 'chat'; id: string; field: 'participantId'; values: readonly string[] }
  /** The list is empty. */
  | { is: 'empty'; list: 'recordings' }
  /** The participant owns fewer items than this. */
  | { is: 'fewer'; list: OwnedList; owner: string; than: number };

/** The operation is refused with the code unless one of the conditions holds. */
export interface Requirement {
  code: ErrorCode;
  anyOf: readonly Condition[];
}

/** Each can be repeated: what is done already is done. */
export type Write =
  /** Adds the item, or replaces the one with its id in its place. */
  | Put
  /** Changes one field of an item, if it is there. */
  | SetField
  | { write: 'drop'; list: ItemList; id: string }
  | { write: 'drop-owned'; list: OwnedList; owner: string }
  /** Adds the message, unless one with its id is there. */
  | { write: 'append'; list: 'chat'; item: ChatMessage };

export interface WriteOptions {
  /** How many chat messages a snapshot keeps. */
  chatHistory: number;
}

export function holds(room: RoomSnapshot, condition: Condition): boolean {
  switch (condition.is) {
    case 'present':
      return find(room, condition.list, condition.id) !== undefined;
    case 'absent':
      return find(room, condition.list, condition.id) === undefined;
    case 'field': {
      const item = find(room, condition.list, condition.id);
      return condition.values.some((value) => item?.[condition.field] === value);
    }
    case 'empty':
      return itemsOf(room, condition.list).length === 0;
    case 'fewer':
      return room[condition.list].filter(isOwnedBy(condition.owner)).length < condition.than;
  }
}

export function applyWrite(
  room: RoomSnapshot,
  write: Write,
  { chatHistory }: WriteOptions,
): RoomSnapshot {
  switch (write.write) {
    case 'put':
      return withItems(
        room,
        write.list,
        upsert<{ id: string }>(itemsOf(room, write.list), write.item),
      );
    case 'set':
      return withItems(
        room,
        write.list,
        itemsOf(room, write.list).map((item) =>
          item.id === write.id ? { ...item, [write.field]: write.value } : item,
        ),
      );
    case 'drop':
      return withItems(
        room,
        write.list,
        itemsOf(room, write.list).filter(({ id }) => id !== write.id),
      );
    case 'drop-owned': {
      const isOwned = isOwnedBy(write.owner);
      return { ...room, [write.list]: room[write.list].filter((item) => !isOwned(item)) };
    }
    case 'append':
      if (room.chat.some(({ id }) => id === write.item.id)) return room;
      return { ...room, chat: newest([...room.chat, write.item], chatHistory) };
  }
}

function find(room: RoomSnapshot, list: RoomList, id: string): Record<string, unknown> | undefined {
  const items: readonly { id: string }[] = list === 'chat' ? room.chat : itemsOf(room, list);
  return items.find((item) => item.id === id);
}

function itemsOf(room: RoomSnapshot, list: ItemList): readonly { id: string }[] {
  return room[list] ?? [];
}

/** Where there is no recording, a room has no list of them: rooms that are alike are equal. */
function withItems(
  room: RoomSnapshot,
  list: ItemList,
  items: readonly { id: string }[],
): RoomSnapshot {
  const { recordings, ...rest } = room;
  if (list === 'recordings' && items.length === 0) return rest;
  return { ...rest, ...(recordings && { recordings }), [list]: items };
}

function isOwnedBy(owner: string): (item: { participantId: string }) => boolean {
  return ({ participantId }) => participantId === owner;
}

function upsert<T extends { id: string }>(list: readonly T[], item: T): T[] {
  const index = list.findIndex(({ id }) => id === item.id);
  return index < 0 ? [...list, item] : list.with(index, item);
}

function newest<T>(list: T[], count: number): T[] {
  return count > 0 ? list.slice(-count) : [];
}
