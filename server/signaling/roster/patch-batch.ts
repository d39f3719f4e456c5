// Changes of a room on their way to clients: one as it comes, or several that were gathered in a large room.
import { eventFrame } from '../../../shared/protocol/protocol.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';

export interface FramedPatch {
  readonly patch: RoomPatch;
  /** As an event, ready to send. */
  frame(): string;
}

/** Each form is turned into text when the first client needs it, once for all clients. */
export interface PatchBatch {
  /** In order. */
  readonly patches: readonly FramedPatch[];
  /** All of them as one event, for clients that understand it. Undefined for a single one. */
  readonly gathered: (() => string) | undefined;
}

/** Smaller rooms hardly change, and nobody should wait. */
const GATHERED_FROM = 50;
const MIN_GATHER_MS = 50;
const MAX_GATHER_MS = 500;

/**
 * How long the changes of a room are gathered. Each goes to everybody, and there are the more of them the more
 * participants there are: sent one by one they would cost the square of that.
 */
export function gatherMs(participants: number): number {
  if (participants < GATHERED_FROM) return 0;
  return Math.min(MAX_GATHER_MS, Math.max(MIN_GATHER_MS, participants));
}

export function batchOf(patches: readonly RoomPatch[]): PatchBatch {
  return {
    patches: patches.map((patch) => ({ patch, frame: once(() => eventFrame('patch', patch)) })),
    gathered:
      patches.length > 1 ? once(() => eventFrame('patches', { patches: [...patches] })) : undefined,
  };
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export function hasLeft({ ops }: RoomPatch, participantId: string): boolean {
  return ops.some((op) => op.op === 'leave' && op.participantId === participantId);
}
