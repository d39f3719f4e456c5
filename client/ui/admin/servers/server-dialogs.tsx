// Confirmations before a TURN server in use is changed.
import { useSignal } from '@preact/signals';
import { TriangleAlert } from 'lucide';
import type { TurnServerView } from '../../../../shared/api/admin.ts';
import { AskDialog } from '../../kit/dialogs/ask-dialog.tsx';
import { Icon } from '../../kit/icon.tsx';
import type { AdminModel } from '../admin-model.ts';
import { formatCount, lastServerText } from '../admin-words.ts';

interface DialogProps {
  model: AdminModel;
  server: TurnServerView;
  onClose: () => void;
}

export function DrainDialog({ model, server, onClose }: DialogProps) {
  const { id, relayed } = server;
  const move = useSignal(false);
  const warning = lastServerText(id, 'drain', serversOf(model));
  const isLast = warning !== undefined;
  const choice = (value: boolean, label: string, explanation: string) => (
    <label class="choice">
      <input
        type="radio"
        name="drain"
        checked={move.value === value}
        onChange={() => {
          move.value = value;
        }}
      />
      <span>
        {label}
        <span class="muted small-text">{explanation}</span>
      </span>
    </label>
  );
  return (
    <AskDialog
      title={`Drain ${id}?`}
      button="Drain"
      done={
        move.value && !isLast ? `${id} is draining, its calls move away.` : `${id} is draining.`
      }
      action={() => model.act((api) => api.drain(id, move.value))}
      onClose={onClose}
    >
      <p>It gets no new sessions. {relayedText(relayed)}</p>
      <Warning text={warning} />
      <fieldset class="choices">
        <legend class="sr-only">The calls that it relays</legend>
        {choice(
          false,
          'Let calls end here',
          `${isLast ? '' : 'Nobody notices. '}It is empty when the last call ends.`,
        )}
        {choice(
          true,
          'Move calls now',
          isLast
            ? 'There is no server to move them to at the moment.'
            : 'They restart ICE onto another server and go on.',
        )}
      </fieldset>
    </AskDialog>
  );
}

export function RemoveDialog({ model, server, onClose }: DialogProps) {
  const { id, relayed } = server;
  const warning = lastServerText(id, 'remove', serversOf(model));
  return (
    <AskDialog
      title={`Remove ${id}?`}
      button="Remove"
      danger
      done={`${id} was removed.`}
      action={() => model.act((api) => api.remove(id))}
      onClose={onClose}
    >
      <p>
        It is forgotten, with its credentials
        {warning === undefined && ', and its calls move to other servers'}. {relayedText(relayed)}
      </p>
      <Warning text={warning} />
    </AskDialog>
  );
}

function serversOf(model: AdminModel): readonly TurnServerView[] {
  return model.data.value?.turn.servers ?? [];
}

function Warning({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p class="callout">
      <Icon icon={TriangleAlert} size={20} />
      <span>{text}</span>
    </p>
  );
}

function relayedText(relayed: number): string {
  if (relayed === 0) return 'No call goes through it at the moment.';
  return relayed === 1
    ? 'One session goes through it at the moment.'
    : `${formatCount(relayed)} sessions go through it at the moment.`;
}
