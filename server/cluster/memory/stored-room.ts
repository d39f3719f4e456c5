// One room in the memory of a process: its state, its sessions, and where their media is.
import type { RoomPatch } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import { Roster } from '../../room/roster.ts';
import type { SessionGuard, SessionState } from '../cluster.ts';
import { Placements } from './placements.ts';

interface Session {
  fence: number;
  resumeHash: string;
  /** UTC milliseconds. */
  leaseEndsAt: number;
  /** Invitations and secrets that end when a host removes the participant. */
  ends: readonly string[];
}

export interface StoredRoom {
  roster: Roster;
  patches: RoomPatch[];
  sessions: Map<string, Session>;
  /** Sessions that a host ended, which may not be put back, and what had let their participants in. */
  removed: Set<string>;
  placements: Placements;
}

export function newRoom(snapshot: RoomSnapshot): StoredRoom {
  return {
    roster: new Roster(snapshot),
    patches: [],
    sessions: new Map(),
    removed: new Set(),
    placements: new Placements(),
  };
}

export function stateOf(stored: StoredRoom | undefined, guard: SessionGuard): SessionState {
  const session = stored?.sessions.get(guard.participantId);
  if (!session) return stored?.removed.has(guard.participantId) ? 'removed' : 'gone';
  if (session.fence === guard.fence) return 'held';
  // Lower: a replica that does not know of the claim put it back.
  return session.fence > guard.fence ? 'replaced' : 'gone';
}

/** The session and its place; the participant's entry is removed by the patch that follows. */
export function forget(stored: StoredRoom, participantId: string): void {
  stored.sessions.delete(participantId);
  stored.placements.assign(participantId, undefined);
}
