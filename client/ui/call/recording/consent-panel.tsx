// Asks a participant whether they may be recorded. The call goes on behind it.
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { announce } from '../../kit/announcer.tsx';
import type { CallModel } from '../call-model.ts';
import { answer } from './recording-menu.ts';

const QUESTION = 'This call is being recorded. May you be recorded?';

export function ConsentPanel({ model }: { model: CallModel }) {
  const id = useId();
  const busy = useSignal(false);
  const panel = useRef<HTMLElement>(null);
  // The focus stays where it is: somebody may be writing.
  useEffect(() => announce(`${QUESTION} Agree and Decline are below the stage.`), []);
  const say = async (agreed: boolean) => {
    if (busy.value) return;
    busy.value = true;
    const hadFocus = panel.current?.contains(document.activeElement);
    if ((await answer(model, agreed)) && hadFocus) focusStatus();
    busy.value = false;
  };
  return (
    <section
      ref={panel}
      class="consent"
      role="dialog"
      aria-labelledby={id}
      aria-describedby={`${id}-what`}
    >
      <h2 id={id}>{QUESTION}</h2>
      <ul id={`${id}-what`}>
        <li>Agree: your sound and pictures are recorded from now on.</li>
        <li>Decline: none of them is recorded, and you stay in the call.</li>
        <li>You can change your answer at “Recording” above.</li>
      </ul>
      <div class="consent-actions">
        <button
          type="button"
          class="button small"
          aria-disabled={busy.value}
          onClick={() => void say(false)}
        >
          Decline
        </button>
        <button
          type="button"
          class="button primary small"
          aria-disabled={busy.value}
          onClick={() => void say(true)}
        >
          Agree
        </button>
      </div>
    </section>
  );
}

/** Where the answer can be changed. */
function focusStatus(): void {
  document.querySelector<HTMLElement>('.recording-more')?.focus();
}
