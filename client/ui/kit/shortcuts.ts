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

/** The key of each. */
export const SHORTCUTS: Readonly<Record<Action, string>> = {
  microphone: 'm',
  camera: 'v',
  chat: 'c',
  participants: 'p',
  nextPage: 'PageDown',
  previousPage: 'PageUp',
  statistics: 's',
  shortcuts: '?',
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
    if (SHORTCUTS[action].toLowerCase() === key) return action;
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
  const key = SHORTCUTS[action];
  return key.length === 1 ? key.toUpperCase() : key;
}
