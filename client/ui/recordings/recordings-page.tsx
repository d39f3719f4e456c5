// The Recordings page: of a room for whoever may record there, of all rooms for operators.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { roomPath, tokenOf } from '../address.ts';
import type { ApiError } from '../admin/api-request.ts';
import { SignIn } from '../admin/sign-in.tsx';
import { keptToken } from '../admin/token-store.ts';
import { Brand } from '../kit/brand.tsx';
import { followInside } from '../kit/navigation.ts';
import { remembered } from '../kit/storage.ts';
import { readToken } from '../room/token.ts';
import { keptAccess } from './data/access.ts';
import { openRecording } from './data/address.ts';
import { ListModel } from './data/list-model.ts';
import { RecordingsApi } from './data/recordings-api.ts';
import { DetailsView } from './details-view.tsx';
import { ListView } from './list-view.tsx';
import '../styles/panels.css';
import '../styles/recordings.css';

interface Opened {
  api: RecordingsApi;
  list: ListModel;
}

export function RecordingsPage({ room }: { room: string | undefined }) {
  const token = useSignal<string | undefined>(undefined);
  const opened = useSignal<Opened | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const heading = useRef<HTMLHeadingElement>(null);
  const title = room === undefined ? 'Recordings' : `Recordings of ${room}`;
  const refused = (error: ApiError) => {
    forgetToken(room, token.peek());
    const next = firstToken(room);
    // Another one that is kept may be good.
    if (next !== undefined && next !== token.peek()) {
      token.value = next;
      return;
    }
    problem.value = refusalText(error, room);
    token.value = undefined;
  };
  useEffect(() => {
    const take = () => {
      takeTokenOfAddress(room);
      token.value = firstToken(room);
    };
    take();
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, [room]);
  useEffect(() => {
    if (token.value === undefined) return;
    const api = new RecordingsApi(token.value);
    const list = new ListModel({ api, room, onRefused: refused });
    opened.value = { api, list };
    return () => {
      list.close();
      opened.value = undefined;
    };
  }, [token.value, room]);
  useEffect(() => {
    document.title = `${title} · Parley`;
    heading.current?.focus();
  }, [title, token.value === undefined]);
  const { id: chosen } = openRecording();
  return (
    <div class="recordings">
      <header class="recordings-head">
        <Brand />
        {room === undefined && token.value !== undefined && (
          <button
            type="button"
            class="button small"
            onClick={() => {
              problem.value = undefined;
              keptToken.set(undefined);
              token.value = undefined;
            }}
          >
            Sign out
          </button>
        )}
        {room !== undefined && (
          <a class="button small" href={roomPath(room)} onClick={followInside}>
            To the call
          </a>
        )}
      </header>
      <main>
        {(chosen === undefined || token.value === undefined) && (
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        )}
        {token.value === undefined && (
          <SignIn
            intro={introOf(room)}
            problem={problem.value}
            onToken={(typed, keep) => {
              problem.value = undefined;
              if (keep) keptToken.set(typed);
              token.value = typed;
            }}
          />
        )}
        {opened.value && chosen === undefined && <ListView {...opened.value} room={room} />}
        {opened.value && chosen !== undefined && (
          <DetailsView key={chosen} {...opened.value} id={chosen} onRefused={refused} />
        )}
      </main>
    </div>
  );
}

function introOf(room: string | undefined): string {
  if (room === undefined) return 'For whoever runs this server: the recordings of all rooms.';
  return `Recordings of ${room} are for those who may record there. In the call they are in the menu “More”. Whoever runs this server signs in here.`;
}

function refusalText({ code, message }: ApiError, room: string | undefined): string {
  if (code !== 'unauthorized') return message;
  return room === undefined
    ? 'That is not its AUTH_TOKEN.'
    : `Your access to these recordings has ended, or was never given. Join ${room} again, and open them from there.`;
}

/** Takes the token out of the address, where a shared screen or a copied address gives it away. */
function takeTokenOfAddress(room: string | undefined): void {
  const given = tokenOf(new URL(location.href));
  if (given === undefined) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  if (room === undefined) keptToken.set(given);
  else keptAccess(room).add({ token: given });
}

/** The first token that this browser has: the room's, a host's invitation, the operator's. */
function firstToken(room: string | undefined): string | undefined {
  if (room === undefined) return keptToken.get();
  const invitation = remembered.token(room).get();
  const isHost = readToken(invitation).role === 'host';
  return keptAccess(room).token() ?? (isHost ? invitation : undefined) ?? keptToken.get();
}

function forgetToken(room: string | undefined, token: string | undefined): void {
  if (keptToken.get() === token) keptToken.set(undefined);
  if (room !== undefined && token !== undefined) keptAccess(room).forget(token);
}
