// What a room shows once a join has succeeded: the call, and what is after it. Loaded when it is needed.
import { CallPage } from '../call/call-page.tsx';
import { rehearse } from '../call/rehearsal.tsx';
import { LeftPage } from './left-page.tsx';
import type { JoinedPhase, RoomSession } from './session.ts';

/** Before the call, while nobody waits for anything. */
export function warmUpCall(session: RoomSession): void {
  rehearse(session);
}

export interface JoinedPageProps {
  session: RoomSession;
  phase: JoinedPhase;
}

export function JoinedPage({ session, phase }: JoinedPageProps) {
  if (phase.page === 'left') return <LeftPage session={session} error={phase.error} />;
  return <CallPage session={session} call={phase.call} />;
}
