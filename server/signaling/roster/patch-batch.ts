// Changes of a room on their way to clients: one as it comes, or several that were gathered in a large room.
import { eventFrame, type Feature } from '../../../shared/protocol/protocol.ts';
import type { RoomOp, RoomPatch } from '../../../shared/room/operations.ts';

export interface FramedPatch {
  readonly patch: RoomPatch;
  /** As an event, ready to send. @param older without what clients of an older release cannot read */
  frame(older?: boolean): string;
}

/** A client, as far as patches are concerned. */
export interface PatchReader {
  /** It reads several patches in one event. */
  readonly gathered: boolean;
  /** It is of an older release, which knows no recordings: operations about them would end its page. */
  readonly older: boolean;
  /** Those that it is not sent. */
  except(patch: RoomPatch): boolean;
}

export function patchReader(features: readonly string[], participantId: string): PatchReader {
  const has = (feature: Feature) => features.includes(feature);
  return {
    gathered: has('patches'),
    older: !has('recording'),
    except: (patch) => hasLeft(patch, participantId),
  };
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
    patches: patches.map(framed),
    gathered:
      patches.length > 1 ? once(() => eventFrame('patches', { patches: [...patches] })) : undefined,
  };
}

function framed(patch: RoomPatch): FramedPatch {
  const whole = once(() => eventFrame('patch', patch));
  const older = once(() => eventFrame('patch', { ...patch, ops: withoutRecordings(patch.ops) }));
  return { patch, frame: (isOlder = false) => (isOlder ? older() : whole()) };
}

const NEWER: ReadonlySet<RoomOp['op']> = new Set([
  'record',
  'pauseRecording',
  'stopRecording',
  'recordingTrouble',
  'consent',
]);

/** As a client with these features can read them. */
export function readablePatches(patches: RoomPatch[], features: readonly string[]): RoomPatch[] {
  if (features.includes('recording' satisfies Feature)) return patches;
  return patches.map((patch) => ({ ...patch, ops: withoutRecordings(patch.ops) }));
}

/** The operations that clients without the feature `recording` can read. */
function withoutRecordings(ops: readonly RoomOp[]): RoomOp[] {
  return ops.filter(({ op }) => !NEWER.has(op));
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
