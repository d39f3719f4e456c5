// Rooms in the memory of one process. Everything runs to its end before anything else does, which
// makes each method atomic.
import { timingSafeEqual } from 'node:crypto';
import { ParleyError } from '../../shared/errors.ts';
import {
  applyPatch,
  emptyRoom,
  type RoomOp,
  type RoomPatch,
  type RoomSnapshot,
} from '../../shared/room.ts';
import type {
  Admission,
  Closer,
  CommitLimits,
  Placement,
  RoomStore,
  SessionGuard,
} from './cluster.ts';
import { checkOps } from './rules.ts';

export interface HistoryOptions {
  chatHistory: number;
  patchHistory: number;
}

interface Session {
  fence: number;
  resumeHash: string;
}

interface StoredRoom {
  snapshot: RoomSnapshot;
  patches: RoomPatch[];
  sessions: Map<string, Session>;
  placement: Placement | undefined;
}

export class MemoryRooms implements RoomStore {
  readonly #rooms = new Map<string, StoredRoom>();
  readonly #notify: (room: string, patch: RoomPatch) => void;
  readonly #listen: (room: string, listener: (patch: RoomPatch) => void) => Promise<Closer>;
  readonly #options: HistoryOptions;

  constructor(
    options: HistoryOptions,
    channel: {
      notify(room: string, patch: RoomPatch): void;
      listen(room: string, listener: (patch: RoomPatch) => void): Promise<Closer>;
    },
  ) {
    this.#options = options;
    this.#notify = channel.notify;
    this.#listen = channel.listen;
  }

  async admit(room: string, admission: Admission): Promise<{ snapshot: RoomSnapshot }> {
    const { participant, resumeHash, maxParticipants } = structuredClone(admission);
    const stored = this.#rooms.get(room) ?? newRoom(room);
    const known = stored.sessions.has(participant.id);
    if (!known && stored.snapshot.participants.length >= maxParticipants) {
      throw new ParleyError('room_full');
    }
    this.#rooms.set(room, stored);
    stored.sessions.set(participant.id, { fence: 1, resumeHash });
    this.#apply(stored, [{ op: 'join', participant }]);
    return { snapshot: structuredClone(stored.snapshot) };
  }

  async claim(room: string, participantId: string, resumeHash: string): Promise<SessionGuard> {
    const session = this.#rooms.get(room)?.sessions.get(participantId);
    if (!session || !sameText(session.resumeHash, resumeHash)) {
      throw new ParleyError('session_lost');
    }
    session.fence += 1;
    return { participantId, fence: session.fence };
  }

  async commit(
    room: string,
    guard: SessionGuard,
    ops: readonly RoomOp[],
    limits: CommitLimits,
  ): Promise<RoomPatch> {
    const stored = this.#guarded(room, guard);
    checkOps(stored.snapshot, guard.participantId, ops, limits);
    for (const op of ops) if (op.op === 'leave') stored.sessions.delete(op.participantId);
    return this.#apply(stored, structuredClone([...ops]));
  }

  async release(room: string, guard: SessionGuard): Promise<boolean> {
    const stored = this.#rooms.get(room);
    if (stored?.sessions.get(guard.participantId)?.fence !== guard.fence) return false;
    stored.sessions.delete(guard.participantId);
    this.#apply(stored, [{ op: 'leave', participantId: guard.participantId }]);
    return true;
  }

  async snapshot(room: string): Promise<RoomSnapshot | undefined> {
    return structuredClone(this.#rooms.get(room)?.snapshot);
  }

  async patchesSince(room: string, version: number): Promise<RoomPatch[] | undefined> {
    const stored = this.#rooms.get(room);
    if (!stored || version > stored.snapshot.version) return undefined;
    const missed = stored.patches.filter((patch) => patch.version > version);
    if (missed.length < stored.snapshot.version - version) return undefined;
    return structuredClone(missed);
  }

  subscribe(room: string, listener: (patch: RoomPatch) => void): Promise<Closer> {
    return this.#listen(room, listener);
  }

  async place(room: string, nodeId: string, expected: Placement | undefined): Promise<Placement> {
    const stored = this.#rooms.get(room);
    if (!stored) throw new ParleyError('session_lost');
    if (stored.placement?.epoch !== expected?.epoch && stored.placement) {
      return { ...stored.placement };
    }
    stored.placement = { nodeId, epoch: (stored.placement?.epoch ?? 0) + 1 };
    return { ...stored.placement };
  }

  async placement(room: string): Promise<Placement | undefined> {
    return structuredClone(this.#rooms.get(room)?.placement);
  }

  #guarded(room: string, guard: SessionGuard): StoredRoom {
    const stored = this.#rooms.get(room);
    const session = stored?.sessions.get(guard.participantId);
    if (!stored || !session) throw new ParleyError('session_lost');
    if (session.fence !== guard.fence) throw new ParleyError('session_replaced');
    return stored;
  }

  #apply(stored: StoredRoom, ops: RoomOp[]): RoomPatch {
    const patch: RoomPatch = { version: stored.snapshot.version + 1, ops };
    const next = applyPatch(stored.snapshot, patch, this.#options);
    if (!next) throw new Error('a patch numbered from the snapshot always follows it');
    stored.snapshot = next;
    stored.patches.push(patch);
    if (stored.patches.length > this.#options.patchHistory) stored.patches.shift();
    if (stored.sessions.size === 0) this.#rooms.delete(next.room);
    this.#notify(stored.snapshot.room, structuredClone(patch));
    return structuredClone(patch);
  }
}

function newRoom(room: string): StoredRoom {
  return { snapshot: emptyRoom(room), patches: [], sessions: new Map(), placement: undefined };
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
