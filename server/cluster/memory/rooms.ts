// Rooms in the memory of one process. Everything runs to its end before anything else does, which
// makes each method atomic.
import { timingSafeEqual } from 'node:crypto';
import { ParleyError } from '../../../shared/errors.ts';
import {
  type Committer,
  OPERATOR,
  type OperationTable,
  type RoomOp,
  type RoomPatch,
} from '../../../shared/room/operations.ts';
import { emptyRoom, type RoomRecording, type RoomSnapshot } from '../../../shared/room/room.ts';
import { isMissing, opsOfParticipant } from '../../room/restoring.ts';
import { checkOps } from '../../room/rules.ts';
import type {
  Admission,
  Admitted,
  BriefAdmission,
  Closer,
  CommitLimits,
  HeldSession,
  Placed,
  Placement,
  RoomStore,
  SessionGuard,
  SessionState,
} from '../cluster.ts';
import { forget, newRoom, type StoredRoom, stateOf } from './stored-room.ts';

export interface RoomStoreOptions {
  chatHistory: number;
  patchHistory: number;
  /** How long a session is held without being renewed. */
  sessionLeaseMs: number;
  /** What may happen in a room: the project's own table, unless a test adds to it. */
  operations?: OperationTable;
}

/** How far the version of a restored room jumps: past all versions that clients may know. */
export const RESTORED_VERSION_JUMP = 1_000;

export class MemoryRooms implements RoomStore {
  readonly #rooms = new Map<string, StoredRoom>();
  readonly #notify: (room: string, patch: RoomPatch) => void;
  readonly #listen: (room: string, listener: (patch: RoomPatch) => void) => Promise<Closer>;
  readonly #options: RoomStoreOptions;

  constructor(
    options: RoomStoreOptions,
    channel: {
      notify(room: string, patch: RoomPatch): void;
      listen(room: string, listener: (patch: RoomPatch) => void): Promise<Closer>;
    },
  ) {
    this.#options = options;
    this.#notify = channel.notify;
    this.#listen = channel.listen;
  }

  admit(room: string, admission: BriefAdmission): Promise<Admitted>;
  admit(room: string, admission: Admission): Promise<Required<Admitted>>;
  async admit(room: string, admission: Admission | BriefAdmission): Promise<Admitted> {
    const { participant, resumeHash, maxParticipants, door } = structuredClone(admission);
    const stored = this.#rooms.get(room) ?? newRoom(emptyRoom(room));
    if (door?.shown !== undefined && stored.removed.has(door.shown)) {
      throw new ParleyError('invitation_ended');
    }
    const known = stored.sessions.has(participant.id);
    if (!known && stored.roster.count >= maxParticipants) {
      throw new ParleyError('room_full');
    }
    this.#rooms.set(room, stored);
    const ends = door?.ends ?? [];
    const leaseEndsAt = this.#leaseEnd();
    stored.sessions.set(participant.id, { fence: 1, resumeHash, leaseEndsAt, ends });
    this.#apply(stored, [{ op: 'join', participant }]);
    const { version } = stored.roster;
    if ('brief' in admission && admission.brief) return { version };
    return { version, snapshot: structuredClone(stored.roster.snapshot) };
  }

  async claim(room: string, participantId: string, resumeHash: string): Promise<SessionGuard> {
    const session = this.#rooms.get(room)?.sessions.get(participantId);
    // A session that another replica put back has no hash yet, and cannot be claimed.
    if (!session || session.resumeHash === '' || !sameText(session.resumeHash, resumeHash)) {
      throw new ParleyError('session_lost');
    }
    session.fence += 1;
    session.leaseEndsAt = this.#leaseEnd();
    return { participantId, fence: session.fence };
  }

  async commit(
    room: string,
    guard: SessionGuard,
    ops: readonly RoomOp[],
    limits: CommitLimits,
  ): Promise<RoomPatch> {
    const stored = this.#guarded(room, guard);
    return this.#commit(stored, { participantId: guard.participantId, ...limits }, ops);
  }

  async order(room: string, ops: readonly RoomOp[]): Promise<RoomPatch> {
    const stored = this.#rooms.get(room);
    if (!stored) throw new ParleyError('not_found');
    return this.#commit(stored, OPERATOR, ops);
  }

  #commit(stored: StoredRoom, by: Committer, ops: readonly RoomOp[]): RoomPatch {
    for (const id of checkOps(stored.roster, by, ops, this.#options)) {
      for (const key of [id, ...(stored.sessions.get(id)?.ends ?? [])]) stored.removed.add(key);
      forget(stored, id);
    }
    return this.#apply(stored, structuredClone([...ops]));
  }

  async release(room: string, guard: SessionGuard): Promise<boolean> {
    const stored = this.#rooms.get(room);
    if (stored?.sessions.get(guard.participantId)?.fence !== guard.fence) return false;
    forget(stored, guard.participantId);
    this.#apply(stored, [{ op: 'leave', participantId: guard.participantId }]);
    return true;
  }

  async renew(room: string, guards: readonly SessionGuard[]): Promise<Map<string, SessionState>> {
    const stored = this.#rooms.get(room);
    const states = new Map(guards.map((guard) => [guard.participantId, stateOf(stored, guard)]));
    for (const { participantId } of guards) {
      const session = stored?.sessions.get(participantId);
      if (session && states.get(participantId) === 'held') session.leaseEndsAt = this.#leaseEnd();
    }
    if (stored) this.#releaseExpired(stored);
    return states;
  }

  async restore(
    known: RoomSnapshot,
    sessions: readonly HeldSession[],
  ): Promise<Map<string, SessionState>> {
    const stored = this.#rooms.get(known.room) ?? this.#recreate(structuredClone(known));
    const states = new Map<string, SessionState>();
    const ops: RoomOp[] = [];
    for (const { guard, resumeHash, nodeId } of sessions) {
      const { participantId, fence } = guard;
      const items = opsOfParticipant(known, participantId);
      const session = stored.sessions.get(participantId);
      const over = stored.removed.has(participantId) || items.length === 0;
      const isReplaced = session !== undefined && session.fence > fence;
      states.set(participantId, over ? 'removed' : isReplaced ? 'replaced' : 'held');
      if (over || isReplaced) continue;
      const { ends = [] } = session ?? {};
      const leaseEndsAt = this.#leaseEnd();
      stored.sessions.set(participantId, { fence, resumeHash, leaseEndsAt, ends });
      if (nodeId !== undefined) stored.placements.assign(participantId, nodeId);
      ops.push(...items.filter((op) => isMissing(stored.roster, op)));
    }
    if (ops.length > 0) this.#apply(stored, structuredClone(ops));
    return states;
  }

  async sweep(): Promise<number> {
    let released = 0;
    for (const stored of [...this.#rooms.values()]) released += this.#releaseExpired(stored);
    return released;
  }

  async snapshot(room: string): Promise<RoomSnapshot | undefined> {
    return structuredClone(this.#rooms.get(room)?.roster.snapshot);
  }

  async recording(room: string): Promise<RoomRecording | undefined> {
    return structuredClone(this.#rooms.get(room)?.roster.recordings[0]);
  }

  async names(): Promise<string[]> {
    return [...this.#rooms.keys()];
  }

  async patchesSince(room: string, version: number): Promise<RoomPatch[] | undefined> {
    const stored = this.#rooms.get(room);
    if (!stored || version > stored.roster.version) return undefined;
    const missed = stored.patches.filter((patch) => patch.version > version);
    if (missed.length < stored.roster.version - version) return undefined;
    return structuredClone(missed);
  }

  subscribe(room: string, listener: (patch: RoomPatch) => void): Promise<Closer> {
    return this.#listen(room, listener);
  }

  async place(room: string, participantId: string, nodeId: string, epoch: number): Promise<Placed> {
    const stored = this.#rooms.get(room);
    if (!stored?.sessions.has(participantId)) throw new ParleyError('session_lost');
    if (stored.placements.isInUse(nodeId) || epoch === stored.placements.epoch)
      stored.placements.assign(participantId, nodeId);
    return { ...stored.placements.placement, nodeId: stored.placements.of(participantId) };
  }

  async placement(room: string): Promise<Placement | undefined> {
    return this.#rooms.get(room)?.placements.placement;
  }

  async nodeOf(room: string, participantId: string): Promise<string | undefined> {
    return this.#rooms.get(room)?.placements.of(participantId);
  }

  async placements(room: string): Promise<Record<string, string> | undefined> {
    return this.#rooms.get(room)?.placements.all;
  }

  #guarded(room: string, guard: SessionGuard): StoredRoom {
    const stored = this.#rooms.get(room);
    const session = stored?.sessions.get(guard.participantId);
    // Lower: a replica that does not know of the claim put it back. The session is to be restored.
    if (!stored || !session || session.fence < guard.fence) throw new ParleyError('session_lost');
    if (session.fence !== guard.fence) throw new ParleyError('session_replaced');
    return stored;
  }

  #leaseEnd(): number {
    return Date.now() + this.#options.sessionLeaseMs;
  }

  #releaseExpired(stored: StoredRoom): number {
    const now = Date.now();
    const expired = [...stored.sessions].flatMap(([id, { leaseEndsAt }]) =>
      leaseEndsAt <= now ? [id] : [],
    );
    for (const id of expired) forget(stored, id);
    const ops = expired.map((participantId) => ({ op: 'leave' as const, participantId }));
    if (ops.length > 0) this.#apply(stored, ops);
    return expired.length;
  }

  /**
   * A room that the store forgot. All participants stay for one lease; their replicas restore their
   * sessions meanwhile.
   */
  #recreate(known: RoomSnapshot): StoredRoom {
    const version = known.version + RESTORED_VERSION_JUMP;
    const stored = newRoom({ ...known, version: version - 1 });
    stored.placements.epoch = version;
    const session = { fence: 0, resumeHash: '', leaseEndsAt: this.#leaseEnd(), ends: [] };
    for (const { id } of known.participants) stored.sessions.set(id, { ...session });
    this.#rooms.set(known.room, stored);
    this.#apply(stored, []);
    return stored;
  }

  #apply(stored: StoredRoom, ops: RoomOp[]): RoomPatch {
    const { roster } = stored;
    const patch: RoomPatch = { version: roster.version + 1, ops };
    roster.apply(patch, this.#options);
    stored.patches.push(patch);
    if (stored.patches.length > this.#options.patchHistory) stored.patches.shift();
    if (stored.sessions.size === 0) this.#rooms.delete(roster.room);
    this.#notify(roster.room, structuredClone(patch));
    return structuredClone(patch);
  }
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
