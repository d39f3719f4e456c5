// Asks the operator for the AUTH_TOKEN.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

export interface SignInProps {
  /** For whom it is. */
  intro: ComponentChildren;
  /** Why the last attempt to sign in failed. */
  problem: string | undefined;
  onToken: (token: string, keep: boolean) => void;
}

export function SignIn({ intro, problem, onToken }: SignInProps) {
  const token = useSignal('');
  const keep = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => field.current?.focus(), [problem]);
  return (
    <form
      class="admin-sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.value.trim()) onToken(token.value.trim(), keep.value);
      }}
    >
      <p class="muted">{intro}</p>
      <div class="field">
        <label for={id}>AUTH_TOKEN of this server</label>
        <input
          ref={field}
          id={id}
          class="input"
          type="password"
          autocomplete="off"
          required
          value={token.value}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : `${id}-problem`}
          onInput={({ currentTarget }) => {
            token.value = currentTarget.value;
          }}
        />
        {problem !== undefined && (
          <p id={`${id}-problem`} class="field-error" role="alert">
            {problem}
          </p>
        )}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={keep.value}
          onChange={({ currentTarget }) => {
            keep.value = currentTarget.checked;
          }}
        />
        Keep for this tab
      </label>
      <button type="submit" class="button primary">
        Sign in
      </button>
    </form>
  );
}
