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
}

export function RoomPage({ room, relayOnly }: RoomPageProps) {
  const [session] = useState(() => new RoomSession(room, relayOnly, loadJoinedPage));
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
