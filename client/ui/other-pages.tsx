// Pages that few visits are to: the network check, the operator's, recordings, and those for addresses that lead nowhere.
import { type Route, roomPath } from './address.ts';
import { Lazy } from './kit/lazy.tsx';
import { MessagePage } from './kit/message-page.tsx';
import { followInside } from './kit/navigation.ts';

export type OtherRoute = Exclude<Route, { page: 'home' | 'room' }>;

async function loadCheck() {
  const { CheckPage } = await import('./check/check-page.tsx');
  return CheckPage;
}

async function loadAdmin() {
  const { AdminPage } = await import('./admin/admin-page.tsx');
  return AdminPage;
}

async function loadRecordings() {
  const { RecordingsPage } = await import('./recordings/recordings-page.tsx');
  return RecordingsPage;
}

async function loadEmbed() {
  const { EmbedPage } = await import('./embed/embed-page.tsx');
  return EmbedPage;
}

export function OtherPage({ route }: { route: OtherRoute }) {
  switch (route.page) {
    case 'check':
      return <Lazy key="check" load={loadCheck} props={{ room: route.room }} isPage />;
    case 'admin':
      return <Lazy key="admin" load={loadAdmin} props={{}} isPage />;
    case 'recordings':
      return <Lazy key="recordings" load={loadRecordings} props={{ room: route.room }} isPage />;
    case 'embed':
      return <Lazy key="embed" load={loadEmbed} props={{ room: route.room }} isPage />;
    case 'bad-room':
      return <BadRoomPage {...route} />;
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
          Room names are made of letters, numbers, “-” and “_”.{' '}
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
