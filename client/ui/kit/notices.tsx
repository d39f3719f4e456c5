// Short notices over the page: the event, and the remedy.
import { signal } from '@preact/signals';
import { X } from 'lucide';
import { announce } from './announcer.tsx';
import { Icon } from './icon.tsx';

export interface NoticeInput {
  text: string;
  /** A button that acts on it. A notice with a button remains until it is closed. */
  action?: { label: string; run: () => void };
  tone?: 'calm' | 'warning';
}

/** For texts that take longer to read than a notice is shown. */
export const DONE = { label: 'OK', run: () => {} };

interface Notice extends NoticeInput {
  id: number;
}

const notices = signal<readonly Notice[]>([]);
let nextId = 0;
const SHOWN_MS = 7000;
/** More would cover the stage. The oldest one goes. */
const MOST = 3;

export function notify(input: NoticeInput): void {
  const id = nextId++;
  // `peek`: effects that call this must not depend on the notices.
  const others = notices.peek().filter(({ text }) => text !== input.text);
  notices.value = [...others, { id, ...input }].slice(-MOST);
  announce(input.text);
  if (!input.action) setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices">
      {notices.value.map(({ id, text, action, tone = 'calm' }) => (
        <div key={id} class="notice" data-tone={tone}>
          <p>{text}</p>
          {action && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                dismiss(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button
            type="button"
            class="button quiet square small"
            aria-label="Dismiss"
            onClick={() => dismiss(id)}
          >
            <Icon icon={X} size={18} />
          </button>
        </div>
      ))}
    </div>
  );
}
