// The states of a session and the transitions between them. Pure: timers and sockets belong to the caller.
import { ParleyError } from '../../../shared/errors.ts';

/** The store may not know the participant yet. */
export interface Joining<C> {
  readonly name: 'joining';
  readonly connection: C;
}

/** The store has the participant. The client has not received the secret that resumes the session. */
export interface Admitted<C> {
  readonly name: 'admitted';
  readonly connection: C;
}

/** The client can resume the session, and has a socket. */
export interface Attached<C> {
  readonly name: 'attached';
  readonly connection: C;
}

/** The client can resume the session, and has no socket. */
export interface Away<T> {
  readonly name: 'away';
  /** Ends the session. */
  readonly grace: T;
}

export interface Ended {
  readonly name: 'ended';
  /** The participant stays in the room: another replica has the session, or may claim it. */
  readonly isKept: boolean;
}

export type LiveState<C, T> = Joining<C> | Admitted<C> | Attached<C> | Away<T>;
export type SessionState<C, T> = LiveState<C, T> | Ended;
export type SessionEnd = 'left' | 'expired' | 'removed' | 'replaced' | 'lost' | 'shutdown';

/** The error that tells the client why its session is over; absent where it knows. */
export const END_ERRORS: Readonly<Partial<Record<SessionEnd, ParleyError>>> = {
  removed: new ParleyError('removed'),
  replaced: new ParleyError('session_replaced'),
  lost: new ParleyError('session_lost'),
  shutdown: new ParleyError('shutting_down'),
};

/** @param connection of the client that joins */
export function join<C>(connection: C): Joining<C> {
  return { name: 'joining', connection };
}

/** The store has admitted the participant. */
export function admit<C, T>(state: SessionState<C, T>): Admitted<C> {
  if (state.name !== 'joining') throw illegal('admit', state);
  return { name: 'admitted', connection: state.connection };
}

/** The answer of the join was sent, with the secret that resumes the session. */
export function answer<C, T>(state: SessionState<C, T>): Attached<C> {
  if (state.name !== 'admitted') throw illegal('answer', state);
  return { name: 'attached', connection: state.connection };
}

/** The client has resumed the session. Without a state: another replica had it until now. */
export function attach<C, T>(state: SessionState<C, T> | undefined, connection: C): Attached<C> {
  const isResumable = !state || state.name === 'attached' || state.name === 'away';
  if (!isResumable) throw illegal('attach', state);
  return { name: 'attached', connection };
}

/** The socket of the client has closed. @param grace ends the session unless the client resumes it */
export function detach<C, T>(state: SessionState<C, T>, grace: T): Away<T> {
  if (state.name !== 'attached') throw illegal('detach', state);
  return { name: 'away', grace };
}

/**
 * The session ends. After `replaced` another replica has it. After `shutdown` another replica may claim it,
 * if the client has the secret; without the secret the participant would stay in the room as a ghost.
 */
export function end<C, T>(state: SessionState<C, T>, reason: SessionEnd): Ended {
  if (state.name === 'ended') throw illegal('end', state);
  const isResumable = state.name === 'attached' || state.name === 'away';
  const isKept = reason === 'replaced' || (reason === 'shutdown' && isResumable);
  return { name: 'ended', isKept };
}

/** Whether the store knows the session as one of this replica. */
export function isInStore<C, T>({ name }: SessionState<C, T>): boolean {
  return name === 'admitted' || name === 'attached' || name === 'away';
}

/** The socket of the client; undefined while there is none. */
export function connectionOf<C, T>(state: SessionState<C, T>): C | undefined {
  return state.name === 'away' || state.name === 'ended' ? undefined : state.connection;
}

function illegal(transition: string, { name }: { name: string }): Error {
  return new Error(`Illegal transition of a session: ${transition} while it is ${name}.`);
}
