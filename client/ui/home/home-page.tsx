// The start page: a room name, and one button.

import { useSignal } from '@preact/signals';
import { Shuffle } from 'lucide';
import { useEffect, useId } from 'preact/hooks';
import { cleanRoomName, isSameRoomName } from '../../../shared/protocol/text.ts';
import { TEXT_LIMITS } from '../../../shared/protocol/text-limits.ts';
import { roomPath } from '../address.ts';
import { Brand } from '../kit/brand.tsx';
import { Icon } from '../kit/icon.tsx';
import { navigate } from '../kit/navigation.ts';
import { suggestRoomName } from './room-names.ts';
import '../styles/home.css';

export function HomePage() {
  const typed = useSignal(suggestRoomName());
  const refused = useSignal(false);
  const id = useId();
  const room = cleanRoomName(typed.value);
  useEffect(() => {
    document.title = 'Parley';
  }, []);
  const start = (event: SubmitEvent) => {
    event.preventDefault();
    if (isSameRoomName(typed.value, room)) navigate(roomPath(room));
    else refused.value = true;
  };
  return (
    <div class="home">
      <header>
        <Brand />
      </header>
      <main class="home-body">
        <div class="home-text">
          <h1>Talk face to face, on your own server</h1>
          <p class="lead">Pick a room, send its link, and you are talking. Nothing to install.</p>
          <form class="home-form" onSubmit={start} noValidate>
            <div class="field">
              <label for={id}>Room name</label>
              <div class="input-with-button">
                <input
                  id={id}
                  class="input"
                  value={typed.value}
                  maxLength={TEXT_LIMITS.roomNameLength}
                  autocomplete="off"
                  autocapitalize="none"
                  spellcheck={false}
                  enterkeyhint="go"
                  aria-invalid={refused.value}
                  aria-describedby={`${id}-hint`}
                  onInput={(event) => {
                    typed.value = event.currentTarget.value;
                    refused.value = false;
                  }}
                />
                <button
                  type="button"
                  class="button quiet square"
                  aria-label="Suggest another name"
                  onClick={() => {
                    typed.value = suggestRoomName();
                    refused.value = false;
                  }}
                >
                  <Icon icon={Shuffle} size={20} />
                </button>
              </div>
              <p id={`${id}-hint`} class={refused.value ? 'field-error' : 'muted small-text'}>
                {refused.value ? refusal(room) : `${location.host}/r/${room}`}
              </p>
            </div>
            <button type="submit" class="button primary">
              Start a call
            </button>
          </form>
        </div>
        <Picture />
      </main>
    </div>
  );
}

/** A name is never changed silently: strangers could meet in one room. */
function refusal(room: string): string {
  const rule =
    'A room’s name is made of letters, numbers, “-” and “_”, and begins with a letter or number.';
  return room === '' ? rule : `${rule} Perhaps you mean “${room}”.`;
}

/** Four participants in a call, one of them speaking. */
function Picture() {
  return (
    <div class="home-picture" aria-hidden="true">
      {['195', '150', '265', '345'].map((hue) => (
        <div key={hue} style={{ '--hue': hue }}>
          <svg viewBox="0 0 100 92" fill="currentColor" aria-hidden="true">
            <circle cx="50" cy="32" r="24" />
            <path d="M4 92c3-24 22-34 46-34s43 10 46 34z" />
          </svg>
        </div>
      ))}
    </div>
  );
}
