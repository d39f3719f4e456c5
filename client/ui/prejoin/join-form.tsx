// The name, the big Join, and the last error.

import { useSignal } from '@preact/signals';
import { TriangleAlert } from 'lucide';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { ParleyError } from '../../../shared/errors.ts';
import { cleanDisplayName } from '../../../shared/protocol/text.ts';
import { TEXT_LIMITS } from '../../../shared/protocol/text-limits.ts';
import { isGranted } from '../../../shared/room/grants.ts';
import { Icon } from '../kit/icon.tsx';
import { remedyFor } from '../room/join-error.ts';
import type { RoomSession } from '../room/session.ts';
import { sharingSummary } from './sharing.ts';

export interface JoinFormProps {
  session: RoomSession;
  error: ParleyError | undefined;
  joining: boolean;
  onCheck: () => void;
}

export function JoinForm({ session, error, joining, onCheck }: JoinFormProps) {
  const nameless = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const given = session.claims.value.name !== undefined;
  const remedy = error && remedyFor(error.code);
  useEffect(() => {
    // Not on a phone, where a keyboard would cover the preview.
    if (session.name.value === '' && matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (joining) return;
    const name = cleanDisplayName(session.name.value);
    if (name) return void session.join(name);
    nameless.value = true;
    field.current?.focus();
  };
  return (
    <form class="prejoin-form" onSubmit={submit} noValidate>
      <div class="field">
        <label for={id}>Your name</label>
        <input
          ref={field}
          id={id}
          class="input"
          value={session.name.value}
          readOnly={given}
          maxLength={TEXT_LIMITS.displayNameLength}
          autocomplete="name"
          autocapitalize="words"
          spellcheck={false}
          enterkeyhint="go"
          dir="auto"
          aria-invalid={nameless.value}
          aria-describedby={`${id}-hint`}
          onInput={(event) => {
            session.name.value = event.currentTarget.value;
            nameless.value = false;
            session.warmUp();
          }}
        />
        <p id={`${id}-hint`} class={nameless.value ? 'field-error' : 'muted small-text'}>
          {nameless.value
            ? 'Write the name that the others will see.'
            : given && 'The name comes with your invitation.'}
        </p>
      </div>
      {error && <JoinError error={error} onCheck={onCheck} />}
      {remedy !== 'none' && (
        <button
          type="submit"
          class="button primary"
          aria-disabled={joining}
          onPointerEnter={() => session.warmUp()}
          onPointerDown={() => session.warmUp()}
          onFocus={() => session.warmUp()}
        >
          {joining ? 'Joining…' : 'Join'}
        </button>
      )}
      <div class="prejoin-summary">
        <p role="status">{joining ? 'Connecting to the room…' : summary(session)}</p>
        {joining && (
          <button type="button" class="button small" onClick={() => session.cancelJoin()}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}

function JoinError({ error, onCheck }: { error: ParleyError; onCheck: () => void }) {
  const remedy = remedyFor(error.code);
  return (
    <div class="callout" role="alert">
      <Icon icon={TriangleAlert} />
      <p>{error.message}</p>
      {remedy === 'reload' && (
        <button type="button" class="button small" onClick={() => location.reload()}>
          Reload
        </button>
      )}
      {remedy === 'retry' && error.code !== 'room_full' && (
        <button type="button" class="button small" onClick={onCheck}>
          Check your network
        </button>
      )}
    </div>
  );
}

function summary({ media, role }: RoomSession): string {
  if (!isGranted(role, 'publish')) {
    return 'Your invitation lets you see, hear and write, not share.';
  }
  const { microphone, camera } = media;
  if (microphone.pending.value && camera.pending.value) return 'Waiting for your permission…';
  return sharingSummary({
    microphone:
      microphone.track.value !== undefined && microphone.on.value && !microphone.silenced.value,
    camera: camera.track.value !== undefined && !camera.silenced.value,
  });
}
