// A room: before the call, in it, and after it.
import { useEffect, useState } from 'preact/hooks';
import { PrejoinPage } from '../prejoin/prejoin-page.tsx';
import { LeftPage } from './left-page.tsx';
import { RoomSession } from './session.ts';

let CallPage: typeof import('../call/call-page.tsx').CallPage | undefined;

async function loadCallPage(): Promise<void> {
  ({ CallPage } = await import('../call/call-page.tsx'));
}

export interface RoomPageProps {
  room: string;
  relayOnly: boolean;
}

export function RoomPage({ room, relayOnly }: RoomPageProps) {
  const [session] = useState(() => new RoomSession(room, relayOnly, loadCallPage));
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
    case 'call':
      // A call begins when its page has been loaded.
      return CallPage ? <CallPage session={session} call={phase.call} /> : null;
    case 'left':
      return <LeftPage session={session} error={phase.error} />;
  }
}
