// A room: before the call, in it, and after it.
import { useEffect, useState } from 'preact/hooks';
import { PrejoinPage } from '../prejoin/prejoin-page.tsx';
import { RoomSession } from './session.ts';

let JoinedPage: typeof import('./joined-page.tsx').JoinedPage | undefined;

async function loadJoinedPage() {
  const loaded = await import('./joined-page.tsx');
  JoinedPage = loaded.JoinedPage;
  return loaded.warmUpCall;
}

export interface RoomPageProps {
  room: string;
  relayOnly: boolean;
  /** For the page around a frame; see client/ui/embed. */
  onSession?: (session: RoomSession) => void;
}

export function RoomPage({ room, relayOnly, onSession }: RoomPageProps) {
  const [session] = useState(() => {
    const created = new RoomSession(room, relayOnly, loadJoinedPage);
    onSession?.(created);
    return created;
  });
  useEffect(() => {
    session.prepare();
    return () => session.close();
  }, [session]);
  const phase = session.phase.value;
  switch (phase.page) {
    case 'prejoin':
      return <PrejoinPage session={session} error={phase.error} joining={false} />;
    case 'joining':
      return <PrejoinPage session={session} error={undefined} joining={true} />;
    default:
      // A call begins when its page has been loaded.
      return JoinedPage ? <JoinedPage session={session} phase={phase} /> : null;
  }
}
