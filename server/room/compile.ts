// From an operation to the primitives that a store executes: what is required first, then what is written. Pure.
import {
  type Committer,
  granted,
  OPERATIONS,
  type OperationTable,
  operationOf,
  type RoomOp,
} from '../../shared/room/operations.ts';
import type { Requirement, Write } from '../../shared/room/primitives.ts';

export interface CompiledOp {
  /** In their order: the first that is not met gives the refusal its code. */
  requires: readonly Requirement[];
  writes: readonly Write[];
  /** The participant whose session ends with the commit, and may not be put back. */
  ends: string | undefined;
}

/** An operation as a session commits it. */
export function compile(
  op: RoomOp,
  by: Committer,
  operations: OperationTable = OPERATIONS,
): CompiledOp {
  const entry = operationOf(op, operations);
  // An operator or an application needs no grant, and is no participant who could have one.
  const grants: Requirement[] =
    entry.grant === undefined || by.participantId === ''
      ? []
      : [{ code: 'forbidden', anyOf: [granted(entry.grant, by)] }];
  return {
    requires: [...grants, ...entry.requires(op, by)],
    writes: entry.effect(op),
    ends: entry.ends?.(op),
  };
}
