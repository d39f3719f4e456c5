// Pages for addresses that lead nowhere: the likely meaning, and the way home.
import { type Route, roomPath } from './address.ts';
import { MessagePage } from './kit/message-page.tsx';
import { followInside } from './kit/navigation.ts';

export type OtherRoute = Extract<Route, { page: 'bad-room' | 'unknown' }>;

export function OtherPage({ route }: { route: OtherRoute }) {
  if (route.page === 'bad-room') return <BadRoomPage {...route} />;
  return (
    <MessagePage title="There is nothing here" text="The address may have a typing error.">
      <HomeLink />
    </MessagePage>
  );
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
