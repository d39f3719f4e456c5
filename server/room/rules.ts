// Whether a session may commit operations, judged on a snapshot by what the operation table requires. Pure.
import { ParleyError } from '../../shared/errors.ts';
import type { ApplyOptions, Committer, RoomOp } from '../../shared/room/operations.ts';
import { applyWrite, holds } from '../../shared/room/primitives.ts';
import type { RoomSnapshot } from '../../shared/room/room.ts';
import { compile } from './compile.ts';

/**
 * Each operation is judged by the room that those before it would leave.
 *
 * @returns the participants whose sessions the operations end
 * @throws ParleyError `session_lost` when the committer is not in the room; or the code of the first
 *   requirement that is not met
 */
export function checkOps(
  room: RoomSnapshot,
  by: Committer,
  ops: readonly RoomOp[],
  options: ApplyOptions,
): string[] {
  if (!room.participants.some(({ id }) => id === by.participantId)) {
    throw new ParleyError('session_lost');
  }
  const ended: string[] = [];
  let state = room;
  for (const op of ops) {
    const { requires, writes, ends } = compile(op, by, options.operations);
    const refused = requires.find(({ anyOf }) => !anyOf.some((one) => holds(state, one)));
    if (refused) throw new ParleyError(refused.code);
    for (const write of writes) state = applyWrite(state, write, options);
    if (ends !== undefined) ended.push(ends);
  }
  return ended;
}
