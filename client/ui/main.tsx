// Starts the page that the address names. The room's page is loaded at once, since most visits are to one; the
// others on demand.
import { render } from 'preact';
import { Announcer } from './kit/announcer.tsx';
import { Lazy } from './kit/lazy.tsx';
import { route, watchLocation } from './kit/navigation.ts';
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
      return <Lazy key="home" load={loadHome} props={{}} isPage />;
    case 'room':
      return <RoomPage key={current.room} {...current} />;
    default:
      return <Lazy key="other" load={loadOther} props={{ route: current }} isPage />;
  }
}

async function loadHome() {
  const { HomePage } = await import('./home/home-page.tsx');
  return HomePage;
}

async function loadOther() {
  const { OtherPage } = await import('./other-pages.tsx');
  return OtherPage;
}

const container = document.getElementById('app');
if (container) {
  // Starts to load before anything is drawn.
  if (route.peek().page === 'home') loadHome().catch(() => {});
  watchLocation();
  render(<App />, container);
}
