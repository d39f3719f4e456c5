// A dialog that asks before something is done. When that fails, it says why, and stays.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { announce } from '../announcer.tsx';
import { Dialog } from './dialog.tsx';

export interface AskDialogProps {
  title: string;
  /** The words on the button that does it. Undefined: nothing is left to do. */
  button: string | undefined;
  /** It cannot be undone, and takes something away: the button is red. */
  danger?: boolean;
  /** What the button does. The message of what it throws is shown. */
  action: () => Promise<unknown>;
  /** Announced when it is done. */
  done?: string;
  /** Runs when it is done and the dialog is closed, such as to move the focus away from what is gone. */
  onDone?: () => void;
  /** The dialog stays to show what came of it, so that it has no Cancel. */
  stays?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}

export function AskDialog(props: AskDialogProps) {
  const { title, button, danger = false, stays = false, onClose, children } = props;
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const run = async () => {
    if (busy.value) return;
    busy.value = true;
    problem.value = undefined;
    try {
      await props.action();
      if (props.done !== undefined) announce(props.done);
      if (!stays) onClose();
      props.onDone?.();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {problem.value !== undefined && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      {button !== undefined && (
        <div class="dialog-actions">
          {!stays && (
            <button type="button" class="button" onClick={onClose}>
              Cancel
            </button>
          )}
          <button
            type="button"
            class={`button ${danger ? 'danger' : 'primary'}`}
            aria-disabled={busy.value}
            onClick={() => void run()}
          >
            {button}
          </button>
        </div>
      )}
    </Dialog>
  );
}
