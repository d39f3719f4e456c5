// Connects the keys of kit/shortcuts.ts to their actions.
import { type Action, actionFor } from '../../kit/shortcuts.ts';
import { remembered } from '../../kit/storage.ts';

/** @returns a function that ends it */
export function listenToKeys(actions: Readonly<Record<Action, () => void>>): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || remembered.shortcutsOff.get() !== '') return;
    const action = actionFor(event, takesLetters(event.target) || scrolls(event));
    if (!action) return;
    event.preventDefault();
    actions[action]();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

/** These keys scroll what has the focus, such as a chat. */
function scrolls({ key, target }: KeyboardEvent): boolean {
  if (key !== 'PageDown' && key !== 'PageUp') return false;
  return target instanceof HTMLElement && target.closest('.panel') !== null;
}

function takesLetters(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.closest('input, textarea, select, [role=menu], dialog') !== null
  );
}
