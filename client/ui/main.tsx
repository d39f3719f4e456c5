// Starts the page: which one it is follows from the address.
import { render } from 'preact';
import { roomPath } from './address.ts';
import { HomePage } from './home/home-page.tsx';
import { Announcer } from './kit/announcer.tsx';
import { MessagePage } from './kit/message-page.tsx';
import { followInside, route, watchLocation } from './kit/navigation.ts';
import { RoomPage } from './room/room-page.tsx';

function App() {
  return (
    <>
      <Page />
      <Announcer />
    </>
  );
}

function Page() {
  const current = route.value;
  switch (current.page) {
    case 'home':
      return <HomePage />;
    case 'room':
      return <RoomPage key={current.room} room={current.room} relayOnly={current.relayOnly} />;
    case 'bad-room':
      return <BadRoomPage {...current} />;
    case 'unknown':
      return (
        <MessagePage title="There is nothing here" text="The address may have a typing error.">
          <HomeLink />
        </MessagePage>
      );
  }
}

function BadRoomPage({ given, suggestion }: { given: string; suggestion: string }) {
  return (
    <MessagePage
      title="A room cannot have this name"
      text={
        <>
          Room names are made of small letters, digits, “-” and “_”.{' '}
          {suggestion ? 'Perhaps you mean this one:' : `“${given.slice(0, 64)}” has none of them.`}
        </>
      }
    >
      {suggestion && (
        <a class="button primary" href={roomPath(suggestion)} onClick={followInside}>
          Go to {suggestion}
        </a>
      )}
      <HomeLink />
    </MessagePage>
  );
}

function HomeLink() {
  return (
    <a class="button" href="/" onClick={followInside}>
      Home
    </a>
  );
}

const container = document.getElementById('app');
if (container) {
  watchLocation();
  render(<App />, container);
}
