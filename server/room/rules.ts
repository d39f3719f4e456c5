// Whether a session may commit operations, judged by what the operation table requires of the room. Pure.
import { ParleyError } from '../../shared/errors.ts';
import type { ApplyOptions, Committer, RoomOp } from '../../shared/room/operations.ts';
import { applyWrite, type Condition, holds } from '../../shared/room/primitives.ts';
import type { RoomSnapshot } from '../../shared/room/room.ts';
import { compile } from './compile.ts';

/** A room that operations are judged by. */
export interface Judged {
  readonly snapshot: RoomSnapshot;
  holds(condition: Condition): boolean;
}

export function judged(snapshot: RoomSnapshot): Judged {
  return { snapshot, holds: (condition) => holds(snapshot, condition) };
}

/**
 * Each operation is judged by the room that those before it would leave.
 *
 * @returns the participants whose sessions the operations end
 * @throws ParleyError `session_lost` when a participant who commits is not in the room; or the code of the first
 *   requirement that is not met
 */
export function checkOps(
  room: Judged,
  by: Committer,
  ops: readonly RoomOp[],
  options: ApplyOptions,
): string[] {
  const { participantId } = by;
  const isThere = room.holds({ is: 'present', list: 'participants', id: participantId });
  if (participantId !== '' && !isThere) {
    throw new ParleyError('session_lost');
  }
  const ended: string[] = [];
  let state = room;
  for (const [index, op] of ops.entries()) {
    const { requires, writes, ends } = compile(op, by, options.operations);
    const refused = requires.find(({ anyOf }) => !anyOf.some((one) => state.holds(one)));
    if (refused) throw new ParleyError(refused.code);
    if (ends !== undefined) ended.push(ends);
    // A single operation, which almost all commits have, needs no copy of the room.
    if (index === ops.length - 1) break;
    const next = writes.reduce(
      (snapshot, write) => applyWrite(snapshot, write, options),
      state.snapshot,
    );
    state = judged(next);
  }
  return ended;
}
