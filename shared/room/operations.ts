// The operation table: all that can happen to a room, each written once. Pure.
// Stores, replicas and clients work with the primitives of an entry, and know no operation by name.
import * as v from 'valibot';
import { type Grant, type Role, rolesWith } from './grants.ts';
import {
  applyWrite,
  type Condition,
  type Requirement,
  type RoomList,
  type Write,
  type WriteOptions,
} from './primitives.ts';
import {
  ChatMessage,
  ClientId,
  Participant,
  ParticipantId,
  RecordingId,
  RecordingTrouble,
  RoomRecording,
  type RoomSnapshot,
  Track,
  Version,
} from './room.ts';

/** The participant who commits an operation, and what the server's settings say of all of them. */
export interface Committer {
  /** Empty: an operator or an application, who needs no grant and is no participant. */
  participantId: string;
  /** The most tracks that a participant may have. */
  tracksPerParticipant: number;
  /** Roles that may record, where a setting says so. Absent: those that have the grant. */
  recorders?: readonly Role[];
}

/** An operator or an application. */
export const OPERATOR: Committer = { participantId: '', tracksPerParticipant: 0 };

type Fields = v.ObjectEntries;
type SchemaOf<Name extends string, F extends Fields> = v.ObjectSchema<
  { op: v.LiteralSchema<Name, undefined> } & F,
  undefined
>;

/** What is written for one kind of operation. Methods, so that a table may hold different kinds. */
interface Entry<Op> {
  /** The right that a participant needs to commit the operation. Undefined: every participant may. */
  readonly grant?: Grant;
  /**
   * What must be true of the room that the operations before it leave. Judged in the store, in one
   * step with the writes.
   */
  requires(op: Op, by: Committer): readonly Requirement[];
  /** What it makes of a room. */
  effect(op: Op): readonly Write[];
  /** The participant whose session a commit of it ends, for good. */
  ends?(op: Op): string;
}

export interface Operation<Name extends string = string, F extends Fields = Fields>
  extends Entry<v.InferOutput<v.ObjectSchema<F, undefined>>> {
  readonly schema: SchemaOf<Name, F>;
}

export type OperationTable = Readonly<Record<string, Operation>>;

export function operation<const Name extends string, const F extends Fields>(
  name: Name,
  { fields, ...entry }: { fields: F } & Entry<v.InferOutput<v.ObjectSchema<F, undefined>>>,
): Operation<Name, F> {
  return { schema: v.object({ op: v.literal(name), ...fields }), ...entry };
}

const present = (list: RoomList, id: string): Condition => ({ is: 'present', list, id });
const absent = (list: RoomList, id: string): Condition => ({ is: 'absent', list, id });
const isOf = (list: 'tracks' | 'chat', id: string, participantId: string): Condition => {
  return { is: 'field', list, id, field: 'participantId', values: [participantId] };
};
/** Whether the committer is, at the moment of the commit, in a role that has the grant. */
export function granted(grant: Grant, { participantId }: Committer): Condition {
  const values = rolesWith(grant);
  return { is: 'field', list: 'participants', id: participantId, field: 'role', values };
}

/** @returns nothing when it holds; it depends on the operation alone, not on the room */
function must(isTrue: boolean): Requirement[] {
  return isTrue ? [] : [{ code: 'forbidden', anyOf: [] }];
}

/** A setting of the server says which roles may record; operators need no grant. */
function mayRecord(by: Committer): Requirement[] {
  if (by.participantId === '') return [];
  const { participantId: id, recorders = rolesWith('record') } = by;
  const isRecorder: Condition = {
    ...{ is: 'field', list: 'participants', id, field: 'role' },
    values: recorders,
  };
  return [{ code: 'forbidden', anyOf: [isRecorder] }];
}

const isRecording = (id: string): Requirement => {
  return { code: 'not_recording', anyOf: [present('recordings', id)] };
};

export const OPERATIONS = {
  /** Admission adds participants. A session may commit it to rewrite its own entry. */
  join: operation('join', {
    fields: { participant: Participant },
    requires: ({ participant }, by) => must(participant.id === by.participantId),
    effect: ({ participant }) => [{ write: 'put', list: 'participants', item: participant }],
  }),
  presence: operation('presence', {
    fields: { participantId: ParticipantId, online: v.boolean() },
    requires: ({ participantId }, by) => must(participantId === by.participantId),
    effect: ({ participantId: id, online }) => [
      { write: 'set', list: 'participants', id, field: 'online', value: online },
    ],
  }),
  /** Releasing a session is how a participant leaves. A commit of it removes another one. */
  leave: operation('leave', {
    fields: { participantId: ParticipantId },
    grant: 'moderate',
    requires: ({ participantId }) => [
      { code: 'unknown_participant', anyOf: [present('participants', participantId)] },
    ],
    effect: ({ participantId }) => [
      { write: 'drop', list: 'participants', id: participantId },
      { write: 'drop-owned', list: 'tracks', owner: participantId },
    ],
    ends: ({ participantId }) => participantId,
  }),
  publish: operation('publish', {
    fields: { track: Track },
    grant: 'publish',
    requires({ track: { id, participantId } }, by) {
      const fewer: Condition = {
        ...{ is: 'fewer', list: 'tracks', owner: by.participantId },
        than: by.tracksPerParticipant,
      };
      return [
        ...must(participantId === by.participantId),
        { code: 'id_taken', anyOf: [absent('tracks', id), isOf('tracks', id, participantId)] },
        { code: 'too_many_tracks', anyOf: [present('tracks', id), fewer] },
      ];
    },
    effect: ({ track }) => [{ write: 'put', list: 'tracks', item: track }],
  }),
  /** `by` tells whether the participant or a host muted the track. A host mutes, and never unmutes. */
  mute: operation('mute', {
    fields: { trackId: ClientId, muted: v.boolean(), by: ParticipantId },
    requires: ({ trackId, muted, by: claimed }, by) => [
      { code: 'unknown_track', anyOf: [present('tracks', trackId)] },
      ...must(claimed === by.participantId),
      {
        code: 'forbidden',
        anyOf: [
          isOf('tracks', trackId, by.participantId),
          ...(muted ? [granted('moderate', by)] : []),
        ],
      },
    ],
    effect: ({ trackId: id, muted }) => [
      { write: 'set', list: 'tracks', id, field: 'muted', value: muted },
    ],
  }),
  unpublish: operation('unpublish', {
    fields: { trackId: ClientId },
    // Already gone is what was asked for: the request may be a repetition.
    requires: ({ trackId }, by) => [
      {
        code: 'forbidden',
        anyOf: [absent('tracks', trackId), isOf('tracks', trackId, by.participantId)],
      },
    ],
    effect: ({ trackId }) => [{ write: 'drop', list: 'tracks', id: trackId }],
  }),
  chat: operation('chat', {
    fields: { message: ChatMessage },
    grant: 'chat',
    // A repetition is dropped. With the id of another's message this one would be too, and its
    // author would never know.
    requires: ({ message: { id, participantId } }, by) => [
      ...must(participantId === by.participantId),
      { code: 'id_taken', anyOf: [absent('chat', id), isOf('chat', id, participantId)] },
    ],
    effect: ({ message }) => [{ write: 'append', list: 'chat', item: message }],
  }),
  record: operation('record', {
    fields: { recording: RoomRecording },
    requires: ({ recording: { id, startedBy } }, by) => [
      ...must((startedBy ?? '') === by.participantId),
      ...mayRecord(by),
      {
        code: 'already_recording',
        anyOf: [{ is: 'empty', list: 'recordings' }, present('recordings', id)],
      },
    ],
    effect: ({ recording }) => [{ write: 'put', list: 'recordings', item: recording }],
  }),
  pauseRecording: operation('pauseRecording', {
    fields: { recordingId: RecordingId, paused: v.boolean() },
    requires: ({ recordingId }, by) => [...mayRecord(by), isRecording(recordingId)],
    effect: ({ recordingId: id, paused }) => [
      { write: 'set', list: 'recordings', id, field: 'paused', value: paused },
    ],
  }),
  stopRecording: operation('stopRecording', {
    fields: { recordingId: RecordingId },
    requires: ({ recordingId }, by) => [...mayRecord(by), isRecording(recordingId)],
    effect: ({ recordingId: id }) => [{ write: 'drop', list: 'recordings', id }],
  }),
  /** A media node says that it cannot keep what it records, or, with an empty word, that it can again. */
  recordingTrouble: operation('recordingTrouble', {
    fields: { recordingId: RecordingId, trouble: RecordingTrouble },
    requires: ({ recordingId }, by) => [...must(by.participantId === ''), isRecording(recordingId)],
    effect: ({ recordingId: id, trouble }) => [
      { write: 'set', list: 'recordings', id, field: 'trouble', value: trouble },
    ],
  }),
  /** Whether the participant may be recorded: nobody can say it for another one. */
  consent: operation('consent', {
    fields: { participantId: ParticipantId, consent: v.boolean() },
    requires: ({ participantId }, by) => must(participantId === by.participantId),
    effect: ({ participantId: id, consent }) => [
      { write: 'set', list: 'participants', id, field: 'consent', value: consent },
    ],
  }),
} satisfies OperationTable;

/** One atomic change, as a schema: it leads from `version - 1` to `version`. */
export function patchSchema<Table extends OperationTable>(table: Table) {
  const schemas = Object.values(table).map(({ schema }) => schema);
  const Op = v.variant('op', schemas as Table[keyof Table]['schema'][]);
  return v.object({ version: Version, ops: v.array(Op) });
}

export const RoomPatch = patchSchema(OPERATIONS);
export type RoomPatch = v.InferOutput<typeof RoomPatch>;
export const RoomOp = RoomPatch.entries.ops.item;
export type RoomOp = v.InferOutput<typeof RoomOp>;

/** @throws Error when the table does not have it: a schema refuses it before */
export function operationOf(op: { op: string }, table: OperationTable = OPERATIONS): Operation {
  const found = Object.hasOwn(table, op.op) ? table[op.op] : undefined;
  if (!found) throw new Error(`there is no operation ${op.op}`);
  return found;
}

export interface ApplyOptions extends WriteOptions {
  operations?: OperationTable;
}

/**
 * The room after one patch. Pure; the stores and the clients all use it, so they cannot disagree.
 * Each operation is idempotent: a repeated join, leave or message changes nothing.
 *
 * @returns undefined when the patch does not follow the snapshot's version: ask for a snapshot.
 */
export function applyPatch(
  snapshot: RoomSnapshot,
  patch: RoomPatch,
  options: ApplyOptions,
): RoomSnapshot | undefined {
  if (patch.version !== snapshot.version + 1) return undefined;
  const room: RoomSnapshot = { ...snapshot, version: patch.version };
  return patch.ops
    .flatMap((op) => operationOf(op, options.operations).effect(op))
    .reduce((state, write) => applyWrite(state, write, options), room);
}
