// Rooms between TypeScript and the texts that the scripts of lua/rooms work with.
import * as v from 'valibot';
import {
  type ChatMessage,
  type Participant,
  type RoomOp,
  RoomPatch,
  RoomSnapshot,
  type Track,
} from '../../../../shared/room/room.ts';
import type { HeldSession, Placement, SessionState } from '../../cluster.ts';

const Texts = v.array(v.string());
/** What a Lua script returns: an outcome, then whatever belongs to it. */
const Reply = v.looseTuple([v.string()]);
const SnapshotReply = v.tuple([v.literal('ok'), Texts, Texts]);
const PlacementReply = v.tuple([v.literal('ok'), v.number(), Texts]);
const States = v.picklist(['held', 'replaced', 'removed', 'gone'] satisfies SessionState[]);
export const NumberReply = v.tuple([v.literal('ok'), v.number()]);
export const StatesReply = v.tuple([v.literal('ok'), v.array(States)]);
export const ExpireReply = v.tuple([v.literal('ok'), v.number(), v.number()]);
const SinceReply = v.tuple([v.literal('ok'), v.string(), v.number(), v.nullable(Texts)]);

export function outcomeOf(reply: unknown): string {
  return v.parse(Reply, reply)[0];
}

const flag = (value: boolean) => (value ? '1' : '0');

function participantTexts(participant: Participant): string[] {
  const { id, online, role } = participant;
  return [id, flag(online), role, JSON.stringify(participant)];
}

function trackTexts(track: Track): string[] {
  return [track.id, track.participantId, flag(track.muted), JSON.stringify(track)];
}

function messageTexts(message: ChatMessage): string[] {
  return [message.id, message.participantId, JSON.stringify(message)];
}

/** A participant as admit.lua takes it. */
export function admissionValues(participant: Participant) {
  const { online, role } = participant;
  return { online, role, json: JSON.stringify(participant) };
}

export function opsJson(ops: readonly RoomOp[]): string {
  return JSON.stringify(ops.map(opTexts));
}

function opTexts(op: RoomOp): string[] {
  switch (op.op) {
    case 'join':
      return [op.op, ...participantTexts(op.participant)];
    case 'presence':
      return [op.op, op.participantId, flag(op.online)];
    case 'leave':
      return [op.op, op.participantId];
    case 'publish':
      return [op.op, ...trackTexts(op.track)];
    case 'mute':
      return [op.op, op.trackId, flag(op.muted), op.by];
    case 'unpublish':
      return [op.op, op.trackId];
    case 'chat':
      return [op.op, ...messageTexts(op.message)];
  }
}

export function knownJson(known: RoomSnapshot, sessions: readonly HeldSession[]): string {
  return JSON.stringify({
    version: String(known.version),
    participants: known.participants.map(participantTexts),
    tracks: known.tracks.map(trackTexts),
    chat: known.chat.map(messageTexts),
    sessions: sessions.map(({ guard, resumeHash, nodeId }) => [
      guard.participantId,
      String(guard.fence),
      resumeHash,
      nodeId ?? '',
    ]),
  });
}

/** `order|flag|word|JSON`, as room.lua writes participants and tracks. */
const ITEM = /^(\d+)\|([01])\|[^|]*\|(.*)$/s;

export function parseSnapshot(room: string, reply: unknown): RoomSnapshot {
  const [, state, chat] = v.parse(SnapshotReply, reply);
  let version = 0;
  const participants: [order: number, Participant][] = [];
  const tracks: [order: number, Track][] = [];
  for (const [field, text] of pairs(state)) {
    if (field === 'version') version = Number(text);
    const [, order, set, json = ''] = ITEM.exec(text) ?? [];
    if (field.startsWith('p:')) {
      participants.push([Number(order), { ...JSON.parse(json), online: set === '1' }]);
    } else if (field.startsWith('t:')) {
      tracks.push([Number(order), { ...JSON.parse(json), muted: set === '1' }]);
    }
  }
  return v.parse(RoomSnapshot, {
    room,
    version,
    participants: inOrder(participants),
    tracks: inOrder(tracks),
    chat: chat.map((line) => JSON.parse(line.slice(line.indexOf('|') + 1))),
  });
}

function inOrder<T>(items: [number, T][]): T[] {
  return items.sort(([a], [b]) => a - b).map(([, item]) => item);
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((field, n) => (n % 2 === 0 ? [[field, flat[n + 1] ?? '']] : []));
}

export function parsePlacement(reply: unknown): Placement {
  const [, epoch, nodes] = v.parse(PlacementReply, reply);
  return { epoch, nodes: Object.fromEntries(pairs(nodes)) };
}

/** What happened in a room after a version. */
export interface Since {
  /** Tells the rooms apart that had one name after one another; later ones sort later. */
  birth: string;
  version: number;
  /** Undefined when they are no longer all kept. */
  patches: RoomPatch[] | undefined;
}

/** @returns undefined when there is no such room */
export function parseSince(reply: unknown): Since | undefined {
  if (outcomeOf(reply) === 'none') return undefined;
  const [, birth, version, texts] = v.parse(SinceReply, reply);
  return { birth, version, patches: texts ? parsePatches(texts) : undefined };
}

/** What cannot be read, because another release wrote it, is as good as no longer kept. */
function parsePatches(texts: readonly string[]): RoomPatch[] | undefined {
  try {
    return texts.map((text) => v.parse(RoomPatch, JSON.parse(text)));
  } catch {
    return undefined;
  }
}

/** A patch as it is published: the birth of its room, a space, the patch. */
export function parseTold(text: string): { birth: string; patch: RoomPatch } {
  const space = text.indexOf(' ');
  const patch = v.parse(RoomPatch, JSON.parse(text.slice(space + 1)));
  return { birth: text.slice(0, space), patch };
}
