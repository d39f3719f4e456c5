// The states of a session, and which of them may follow which. Pure.
import { ParleyError } from '../../../shared/errors.ts';

/** Why a session is over. */
export type SessionEnd = 'left' | 'expired' | 'removed' | 'replaced' | 'lost' | 'shutdown';

/** The same for its client; absent where the client knows. */
export const END_ERRORS: Partial<Record<SessionEnd, ParleyError>> = {
  removed: new ParleyError('removed'),
  replaced: new ParleyError('session_replaced'),
  lost: new ParleyError('session_lost'),
  shutdown: new ParleyError('shutting_down'),
};

export type SessionState<Socket, Timer> =
  /** Made before the store knows it, so that nothing of its room is missed. */
  | { readonly is: 'joining'; readonly socket: Socket }
  /** In the store. The client gets what resumes it with the answer of its join, which is not sent yet. */
  | { readonly is: 'admitted'; readonly socket: Socket }
  /** Taken over from another replica. The socket that claimed it is attached next. */
  | { readonly is: 'claimed' }
  /** A socket speaks for it. */
  | { readonly is: 'attached'; readonly socket: Socket }
  /** Its socket is gone. Its media goes on until the grace period ends. */
  | { readonly is: 'away'; readonly grace: Timer }
  /** `kept`: its participant stays in the room, and another replica may have it. */
  | { readonly is: 'ended'; readonly reason: SessionEnd; readonly kept: boolean };

type Name = SessionState<unknown, unknown>['is'];

const FOLLOWERS: Readonly<Record<Name, readonly Name[]>> = {
  joining: ['admitted', 'ended'],
  admitted: ['attached', 'ended'],
  claimed: ['attached', 'ended'],
  attached: ['attached', 'away', 'ended'],
  away: ['attached', 'ended'],
  ended: [],
};

export function mayFollow(before: Name, after: Name): boolean {
  return FOLLOWERS[before].includes(after);
}

/** Whether the store has it, so that its lease is to be renewed. */
export function isInStore({ is }: { readonly is: Name }): boolean {
  return is !== 'joining' && is !== 'ended';
}

/** Whether its client can ask another replica to go on with it. */
export function isResumable({ is }: { readonly is: Name }): boolean {
  return is === 'claimed' || is === 'attached' || is === 'away';
}

export function socketOf<Socket>(state: SessionState<Socket, unknown>): Socket | undefined {
  return 'socket' in state ? state.socket : undefined;
}
