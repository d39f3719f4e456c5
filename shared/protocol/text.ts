// The rules for display names, room names and chat texts, on both ends of the wire.
import { TEXT_LIMITS } from './text-limits.ts';

/** Control characters, line and paragraph separators, and lone surrogates: never visible text. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;
/**
 * Characters that reorder or hide the text around them (bidi controls, zero-width ones, tags), and letters that
 * show nothing (Hangul fillers, the empty Braille cell). With them one participant's name could look like
 * another's, or empty. Joiners are allowed: emoji and several scripts need them.
 */
const DECEPTIVE =
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const CONTROL_BUT_LINE_BREAK = /(?![\n\t])[\p{Cc}\p{Cs}]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Letters and numbers of any script, so that a team can use the name that it has. */
const ROOM = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u;
/** Shows nothing by itself: two names that look the same would be two rooms. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

export function isDisplayName(value: string): boolean {
  return (
    value.length <= TEXT_LIMITS.displayNameLength &&
    value === value.trim() &&
    VISIBLE.test(value) &&
    !CONTROL.test(value) &&
    !DECEPTIVE.test(value)
  );
}

export function isRoomName(value: string): boolean {
  return (
    value.length <= TEXT_LIMITS.roomNameLength &&
    ROOM.test(value) &&
    !DECEPTIVE.test(value) &&
    value === folded(value)
  );
}

export function isChatText(value: string): boolean {
  return (
    value.length <= TEXT_LIMITS.chatTextLength &&
    VISIBLE.test(value) &&
    !CONTROL_BUT_LINE_BREAK.test(value)
  );
}

/** Turns typed or pasted text into a name that {@link isDisplayName} accepts, or ''. */
export function cleanDisplayName(raw: string): string {
  const cleaned = raw
    .replace(new RegExp(CONTROL, 'gu'), ' ')
    .replace(new RegExp(DECEPTIVE, 'gu'), '')
    // Afterwards: removing a character may have joined a letter with its accent.
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();
  const cut = truncate(cleaned, TEXT_LIMITS.displayNameLength).trim();
  return isDisplayName(cut) ? cut : '';
}

/** The nearest name to the typed text that {@link isRoomName} accepts, or ''. It may lose characters. */
export function cleanRoomName(raw: string): string {
  const name = folded(raw)
    .replace(/[^\p{L}\p{M}\p{N}_]+/gu, '-')
    .replace(/^[-_\p{M}]+/u, '');
  const cut = truncate(name, TEXT_LIMITS.roomNameLength).replace(/-+$/, '');
  return isRoomName(cut) ? cut : '';
}

/**
 * Whether {@link cleanRoomName} changed only case, spaces and equivalent letters. If not, users who typed
 * different names would share one room.
 */
export function isSameRoomName(raw: string, room: string): boolean {
  return room !== '' && folded(raw.trim()).replace(/\s+/gu, '-') === room;
}

/** Without case, without invisible characters, and with one way to write each letter (Unicode NFKC). */
function folded(value: string): string {
  const once = value.normalize('NFKC').replace(INVISIBLE, '').toLowerCase().normalize('NFKC');
  return once.toLowerCase().normalize('NFKC');
}

/** Cuts to `length` UTF-16 code units without splitting a character. */
function truncate(value: string, length: number): string {
  let result = '';
  for (const character of value) {
    if (result.length + character.length > length) break;
    result += character;
  }
  return result;
}
