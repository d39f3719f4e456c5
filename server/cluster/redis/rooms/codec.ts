// What the scripts of lua/rooms answer and publish, as TypeScript knows it.
import * as v from 'valibot';
import { RoomPatch } from '../../../../shared/room/operations.ts';
import {
  type Participant,
  RoomRecording,
  RoomSnapshot,
  type Track,
} from '../../../../shared/room/room.ts';
import type { Placed, Placement, SessionGuard, SessionState } from '../../cluster.ts';
import { LAYOUTS } from './program.ts';

/** A test may read patches of more operations than there are. */
export type PatchSchema = v.GenericSchema<unknown, RoomPatch>;

const Texts = v.array(v.string());
/** What a Lua script returns: an outcome, then whatever belongs to it. */
const Reply = v.looseTuple([v.string()]);
const SnapshotReply = v.tuple([v.literal('ok'), Texts, Texts]);
const PlacementReply = v.looseTuple([v.literal('ok'), v.number(), Texts]);
const PlacedReply = v.tuple([v.literal('ok'), v.number(), Texts, v.string()]);
const PlacementsReply = v.tuple([v.literal('ok'), Texts]);
const RecordingReply = v.tuple([v.literal('ok'), v.string()]);
const States = v.picklist(['held', 'replaced', 'removed', 'gone'] satisfies SessionState[]);
export const NumberReply = v.tuple([v.literal('ok'), v.number()]);
const StatesReply = v.tuple([v.literal('ok'), v.array(States)]);
export const ExpireReply = v.tuple([v.literal('ok'), v.number(), v.number()]);
const SinceReply = v.tuple([v.literal('ok'), v.string(), v.number(), v.nullable(Texts)]);

export function outcomeOf(reply: unknown): string {
  return v.parse(Reply, reply)[0];
}

/** What each of these sessions is, by participant id. */
export function statesOf(
  guards: readonly SessionGuard[],
  reply: unknown,
): Map<string, SessionState> {
  const [, states] = v.parse(StatesReply, reply);
  return new Map(guards.map(({ participantId }, n) => [participantId, states[n] ?? 'gone']));
}

/** `order|flag|word|JSON`, as room.lua writes participants and tracks. */
const ITEM = /^(\d+)\|([01])\|[^|]*\|(.*)$/s;

export function parseSnapshot(room: string, reply: unknown): RoomSnapshot {
  const [, state, chat] = v.parse(SnapshotReply, reply);
  let version = 0;
  const participants: [order: number, Participant][] = [];
  const tracks: [order: number, Track][] = [];
  const recordings: [order: number, RoomRecording][] = [];
  for (const [field, text] of pairs(state)) {
    if (field === 'version') version = Number(text);
    const [, order, set, json = ''] = ITEM.exec(text) ?? [];
    const item = (flag: string) => ({ ...JSON.parse(json), [flag]: set === '1' });
    if (field.startsWith('p:')) participants.push([Number(order), item(LAYOUTS.participants.flag)]);
    if (field.startsWith('t:')) tracks.push([Number(order), item(LAYOUTS.tracks.flag)]);
    if (field.startsWith('g:')) recordings.push([Number(order), item(LAYOUTS.recordings.flag)]);
  }
  return v.parse(RoomSnapshot, {
    room,
    version,
    participants: inOrder(participants),
    tracks: inOrder(tracks),
    chat: chat.map((line) => JSON.parse(line.slice(line.indexOf('|') + 1))),
    ...(recordings.length > 0 && { recordings: inOrder(recordings) }),
  });
}

/** @returns undefined when the room is not recorded, or not there */
export function parseRecording(reply: unknown): RoomRecording | undefined {
  const [, text] = v.parse(RecordingReply, reply);
  const [, , set, json = ''] = ITEM.exec(text) ?? [];
  if (set === undefined) return undefined;
  const paused = { [LAYOUTS.recordings.flag]: set === '1' };
  return v.parse(RoomRecording, { ...JSON.parse(json), ...paused });
}

function inOrder<T>(items: [number, T][]): T[] {
  return items.sort(([a], [b]) => a - b).map(([, item]) => item);
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((field, n) => (n % 2 === 0 ? [[field, flat[n + 1] ?? '']] : []));
}

export function parsePlacement(reply: unknown): Placement {
  const [, epoch, nodes] = v.parse(PlacementReply, reply);
  return { epoch, nodes: Object.fromEntries(pairs(nodes).map(([id, n]) => [id, Number(n)])) };
}

export function parsePlaced(reply: unknown): Placed {
  const nodeId = v.parse(PlacedReply, reply)[3];
  return { ...parsePlacement(reply), nodeId: nodeId || undefined };
}

export function parsePlacements(reply: unknown): Record<string, string> {
  return Object.fromEntries(pairs(v.parse(PlacementsReply, reply)[1]));
}

/** What happened in a room after a version. */
export interface Since {
  /** Differs among rooms that had one name after one another; later ones sort later. */
  birth: string;
  version: number;
  /** Undefined when they are no longer all kept. */
  patches: RoomPatch[] | undefined;
}

/** @returns undefined when there is no such room */
export function parseSince(reply: unknown, schema: PatchSchema = RoomPatch): Since | undefined {
  if (outcomeOf(reply) === 'none') return undefined;
  const [, birth, version, texts] = v.parse(SinceReply, reply);
  return { birth, version, patches: texts ? parsePatches(texts, schema) : undefined };
}

/** What cannot be read, because another release wrote it, is as good as no longer kept. */
function parsePatches(texts: readonly string[], schema: PatchSchema): RoomPatch[] | undefined {
  try {
    return texts.map((text) => v.parse(schema, JSON.parse(text)));
  } catch {
    return undefined;
  }
}

/** A patch as it is published: the birth of its room, a space, the patch. */
export function parsePublished(
  text: string,
  schema: PatchSchema = RoomPatch,
): { birth: string; patch: RoomPatch } {
  const space = text.indexOf(' ');
  const patch = v.parse(schema, JSON.parse(text.slice(space + 1)));
  return { birth: text.slice(0, space), patch };
}
