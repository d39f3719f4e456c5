// The keys of a call, and the key presses that are meant for something else. Pure.

export type Action =
  | 'microphone'
  | 'camera'
  | 'chat'
  | 'participants'
  | 'nextPage'
  | 'previousPage'
  | 'statistics'
  | 'shortcuts';

export const SHORTCUTS: Readonly<Record<Action, { key: string; label: string }>> = {
  microphone: { key: 'm', label: 'Microphone on or off' },
  camera: { key: 'v', label: 'Camera on or off' },
  chat: { key: 'c', label: 'Open or close the chat' },
  participants: { key: 'p', label: 'Open or close the list of participants' },
  nextPage: { key: 'PageDown', label: 'Next page of people' },
  previousPage: { key: 'PageUp', label: 'Previous page of people' },
  statistics: { key: 's', label: 'Call statistics' },
  shortcuts: { key: '?', label: 'Keyboard shortcuts' },
};

export interface KeyPress {
  key: string;
  /** The key's place on the keyboard, named by the letter that a US layout has there. */
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** @param typing the focus is in a text field, or in a menu that takes letters itself */
export function actionFor(press: KeyPress, typing: boolean): Action | undefined {
  if (typing || press.repeat || press.isComposing) return undefined;
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  const key = letterOf(press);
  for (const action of Object.keys(SHORTCUTS) as Action[]) {
    if (SHORTCUTS[action].key.toLowerCase() === key) return action;
  }
  return undefined;
}

/**
 * The letter of a key. On a layout without Latin letters (Cyrillic, Greek, Hebrew, …) its position counts, as
 * in the menus of most programs. On a Latin one its letter does, wherever it is (AZERTY, Dvorak).
 */
function letterOf({ key, code }: KeyPress): string {
  const written = key.normalize('NFKC').toLowerCase();
  const foreign = /^[\p{L}\p{M}]+$/u.test(written) && !/\p{Script=Latin}/u.test(written);
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  return foreign && letter !== undefined ? letter.toLowerCase() : written;
}

/** In the form of `aria-keyshortcuts`. */
export function ariaShortcut(action: Action): string {
  const { key } = SHORTCUTS[action];
  return key.length === 1 ? key.toUpperCase() : key;
}
