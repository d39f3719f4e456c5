// The form for a new TURN server.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { announce } from '../../kit/announcer.tsx';
import { Dialog } from '../../kit/dialogs/dialog.tsx';
import type { AdminModel } from '../admin-model.ts';
import { ApiError } from '../api-request.ts';
import { NO_SERVER, type ServerFields, serverOf } from './new-server.ts';

/** Several lines, one line, or one line that is hidden. */
type InputKind = 'lines' | 'text' | 'password';
type TextField = Exclude<keyof ServerFields, 'auth'>;

export function AddServer({ model, onClose }: { model: AdminModel; onClose: () => void }) {
  const form = useId();
  const fields = useSignal(NO_SERVER);
  const problem = useSignal<{ field?: keyof ServerFields; text: string } | undefined>(undefined);
  const busy = useSignal(false);
  /** The result, where it is more than the server's name in the list. */
  const outcome = useSignal('');
  const set = (change: Partial<ServerFields>) => {
    fields.value = { ...fields.value, ...change };
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy.value) return;
    const filled = serverOf(fields.value);
    if ('problem' in filled) {
      problem.value = { field: filled.field, text: filled.problem };
      document.getElementById(`${form}-${filled.field}`)?.focus();
      return;
    }
    busy.value = true;
    try {
      const { id, replaced, draining } = await model.act((api) => api.add(filled.server));
      if (!replaced) {
        announce(`${id} was added.`);
        onClose();
        return;
      }
      const done = `${id} was there already, and was replaced: what you left empty is at its default now.`;
      outcome.value = draining ? `${done} It is drained still: resume it to use it.` : done;
    } catch (error) {
      problem.value = { text: error instanceof ApiError ? error.message : String(error) };
    } finally {
      busy.value = false;
    }
  };
  const field = (name: TextField, label: string, hint?: string, kind: InputKind = 'text') => (
    <Field
      {...{ label, hint, kind }}
      id={`${form}-${name}`}
      value={fields.value[name]}
      problem={problem.value?.field === name ? problem.value.text : undefined}
      onValue={(value) => set({ [name]: value })}
    />
  );
  const { auth } = fields.value;
  if (outcome.value !== '') {
    return (
      <Dialog title="Replaced" onClose={onClose}>
        <p role="alert">{outcome.value}</p>
        <div class="dialog-actions">
          <button type="button" class="button primary" onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Add a TURN server" onClose={onClose}>
      <form class="admin-form" onSubmit={(event) => void submit(event)} noValidate>
        {field(
          'urls',
          'Addresses, one in each line',
          'turn:turn.example.org:3478?transport=udp',
          'lines',
        )}
        <div class="admin-form-pair">
          {field('id', 'Name', 'Default: host and port')}
          {field('region', 'Region', 'Optional')}
          {field('weight', 'Weight', 'Default: 1')}
          {field('capacity', 'Capacity', 'Allocations, optional')}
        </div>
        {field('metricsUrl', 'Address of its metrics', 'Optional, http://…:9641/metrics')}
        <fieldset class="choices row">
          <legend>Credentials</legend>
          <Choice checked={auth === 'secret'} onChoose={() => set({ auth: 'secret' })}>
            Shared secret
          </Choice>
          <Choice checked={auth === 'static'} onChoose={() => set({ auth: 'static' })}>
            User and password
          </Choice>
        </fieldset>
        {auth === 'secret' ? (
          field('secret', 'Secret', 'coturn: static-auth-secret', 'password')
        ) : (
          <div class="admin-form-pair">
            {field('username', 'User')}
            {field('password', 'Password', undefined, 'password')}
          </div>
        )}
        {problem.value && problem.value.field === undefined && (
          <p class="field-error" role="alert">
            {problem.value.text}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" aria-disabled={busy.value}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldProps {
  id: string;
  label: string;
  hint: string | undefined;
  kind: InputKind;
  value: string;
  problem: string | undefined;
  onValue: (value: string) => void;
}

function Field({ id, label, hint, kind, value, problem, onValue }: FieldProps) {
  const text = problem ?? hint;
  const common = {
    id,
    value,
    class: 'input',
    spellcheck: false,
    'aria-invalid': problem !== undefined,
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
      onValue(currentTarget.value),
    ...(text !== undefined && { 'aria-describedby': `${id}-hint` }),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {kind === 'lines' && <textarea {...common} rows={2} />}
      {kind === 'text' && <input {...common} type="text" autocomplete="off" />}
      {kind === 'password' && <input {...common} type="password" autocomplete="off" />}
      {text !== undefined && (
        <p id={`${id}-hint`} class={problem === undefined ? 'muted small-text' : 'field-error'}>
          {text}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps {
  checked: boolean;
  onChoose: () => void;
  children: ComponentChildren;
}

function Choice({ checked, onChoose, children }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name="auth" checked={checked} onChange={onChoose} />
      <span>{children}</span>
    </label>
  );
}
