// Programs for the scripts of lua/rooms: primitives as JSON lists of texts, which Lua cannot read wrongly.
import { operationOf, type RoomOp } from '../../../../shared/room/operations.ts';
import type {
  Condition,
  ItemList,
  Requirement,
  Write,
} from '../../../../shared/room/primitives.ts';
import type { RoomSnapshot } from '../../../../shared/room/room.ts';
import type { CompiledOp } from '../../../room/compile.ts';
import { opsOfParticipant, opsOfRoom } from '../../../room/restoring.ts';
import type { HeldSession } from '../../cluster.ts';

/** Which fields of an item Lua reads and sets; room.lua has the same table. */
export const LAYOUTS = {
  participants: { flag: 'online', word: 'role' },
  tracks: { flag: 'muted', word: 'participantId' },
  recordings: { flag: 'paused', word: 'id' },
} as const satisfies Record<ItemList, { flag: string; word: string }>;

type Texts = readonly (string | Texts)[];

/** What a commit executes. */
export function commitProgram(ops: readonly CompiledOp[]): string {
  return JSON.stringify(
    ops.flatMap(({ requires, writes, ends }) => [
      ...requires.map(requirementTexts),
      ...writes.map(writeTexts),
      ...(ends === undefined ? [] : [['end', ends]]),
    ]),
  );
}

/** What the store does by itself, such as letting a participant in: the writes, and no requirements. */
export function storeProgram(ops: readonly RoomOp[]): string {
  return JSON.stringify(writesOf(ops));
}

/** `KNOWN` of restore.lua. */
export function knownJson(known: RoomSnapshot, sessions: readonly HeldSession[]): string {
  const ids = known.participants.map(({ id }) => id);
  return JSON.stringify({
    version: String(known.version),
    participants: ids,
    program: writesOf(opsOfRoom(known)),
    sessions: sessions.map(({ guard, resumeHash, nodeId }) => [
      guard.participantId,
      String(guard.fence),
      resumeHash,
      nodeId ?? '',
      opsOfParticipant(known, guard.participantId).flatMap((op) =>
        writesOf([op]).map((put) => [put, JSON.stringify(op)]),
      ),
    ]),
  });
}

function writesOf(ops: readonly RoomOp[]): Texts[] {
  return ops.flatMap((op) => operationOf(op).effect(op)).map(writeTexts);
}

function requirementTexts({ code, anyOf }: Requirement): Texts {
  return ['require', code, anyOf.map(conditionTexts)];
}

function conditionTexts(condition: Condition): Texts {
  const { is, list } = condition;
  switch (is) {
    case 'present':
    case 'absent':
      return [is, list, condition.id];
    case 'field': {
      const { id, field, values } = condition;
      return [is, list, id, field, values.map((value) => JSON.stringify(value))];
    }
    case 'empty':
      return [is, list];
    case 'fewer':
      return [is, list, condition.owner, String(condition.than)];
  }
}

function writeTexts(write: Write): Texts {
  const { write: name, list } = write;
  switch (name) {
    case 'put': {
      const { flag, word } = LAYOUTS[list];
      const fields: Readonly<Record<string, unknown>> = write.item;
      const texts = [fields[flag] === true ? '1' : '0', String(fields[word])];
      return [name, list, write.item.id, ...texts, JSON.stringify(write.item)];
    }
    case 'set':
      return [name, list, write.id, write.field, JSON.stringify(write.value)];
    case 'drop':
      return [name, list, write.id];
    case 'drop-owned':
      return [name, list, write.owner];
    case 'append': {
      const { id, participantId } = write.item;
      return [name, list, id, participantId, JSON.stringify(write.item)];
    }
  }
}
