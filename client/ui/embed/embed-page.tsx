// The page at /embed/…: the call for a frame in another page, or why it cannot be shown there.
import { useEffect, useState } from 'preact/hooks';
import { roomPath } from '../address.ts';
import { MessagePage } from '../kit/message-page.tsx';
import { RoomPage } from '../room/room-page.tsx';
import { EmbeddedCall } from './embedded-call.ts';
import '../styles/embed.css';

export function EmbedPage({ room }: { room: string }) {
  const [embedded] = useState(() => new EmbeddedCall());
  useEffect(() => {
    void embedded.open();
    return () => embedded.close();
  }, [embedded]);
  const current = embedded.state.value;
  switch (current.state) {
    case 'waiting':
      return null;
    case 'open':
      return <RoomPage room={room} relayOnly={false} onSession={embedded.attach} />;
    case 'alone':
      return (
        <MessagePage
          title="This address is for other pages"
          text="A page shows the call in a frame from here. You can open it by itself, too."
        >
          <a class="button primary" href={roomPath(room)}>
            Go to {room}
          </a>
        </MessagePage>
      );
    case 'refused':
      return (
        <MessagePage
          title="This page may not show calls"
          text={`The operator of this server can allow it: ${current.origin} has to be in EMBED_ORIGINS.`}
        />
      );
    case 'unreachable':
      return (
        <MessagePage
          title="The call could not be loaded"
          text="The network or the server may be away for a moment. Try again."
        >
          <button type="button" class="button primary" onClick={() => location.reload()}>
            Try again
          </button>
        </MessagePage>
      );
  }
}
