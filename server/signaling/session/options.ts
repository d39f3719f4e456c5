// What a session is made of when a client joins or resumes.
import type { Participant } from '../../../shared/room/room.ts';
import type { SessionGuard } from '../../cluster/cluster.ts';
import type { Timer } from '../../telemetry/resources.ts';
import type { Client } from '../media/shared-capabilities.ts';
import type { Connection } from '../socket/connection.ts';
import type { SessionState } from './state.ts';

/** The state of a session, with the socket and the timer that belong to it. */
export type State = SessionState<Connection, Timer>;

export interface SessionOptions extends GrantedClaim {
  room: string;
  participant: Pick<Participant, 'id' | 'name' | 'role' | 'joinedAt'>;
  /** `joining`, or `attached` when another replica had the session until now. */
  state: Extract<State, { connection: Connection }>;
  /** Whether the participant is online in the room's state. */
  online: boolean;
  /** The hash of the secret that resumes the session. */
  resumeHash: string;
  /** Ways in that a removal by a host ends. Empty for a session that another replica had until now. */
  ends: readonly string[];
  /** Called when the media session is on another node, or on none as the session is over. */
  onMoved(from: string | undefined, to: string | undefined): void;
  /** Called once, when the session is over. */
  onClosed(): void;
}

/** A claim of this replica that the store has granted to a client. */
export interface GrantedClaim extends Client {
  guard: SessionGuard;
}
