// What counts as a usable display name, room name or chat text, on both ends of the wire.
import { TEXT_LIMITS } from './text-limits.ts';

/** Control characters, line and paragraph separators, and lone surrogates: never visible text. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;
/**
 * Characters that reorder or hide the text around them (bidi controls, zero-width ones, tags), and
 * letters that show nothing (Hangul fillers, the empty Braille cell). In a name they let one person
 * pass for another, or for nobody. Joiners stay: emoji and several scripts need them.
 */
const DECEPTIVE =
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const CONTROL_BUT_LINE_BREAK = /(?![\n\t])[\p{Cc}\p{Cs}]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const ROOM = /^[a-z0-9][a-z0-9_-]*$/;

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
  return value.length <= TEXT_LIMITS.roomNameLength && ROOM.test(value);
}

export function isChatText(value: string): boolean {
  return (
    value.length <= TEXT_LIMITS.chatTextLength &&
    VISIBLE.test(value) &&
    !CONTROL_BUT_LINE_BREAK.test(value)
  );
}

/** What somebody typed or pasted, made into a name that {@link isDisplayName} takes, or ''. */
export function cleanDisplayName(raw: string): string {
  const cleaned = raw
    .replace(new RegExp(CONTROL, 'gu'), ' ')
    .replace(new RegExp(DECEPTIVE, 'gu'), '')
    // Afterwards: what stood between a letter and its accent may be gone now.
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();
  const cut = truncate(cleaned, TEXT_LIMITS.displayNameLength).trim();
  return isDisplayName(cut) ? cut : '';
}

/** What somebody typed as a room name, made into one that {@link isRoomName} takes, or ''. */
export function cleanRoomName(raw: string): string {
  return raw
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, TEXT_LIMITS.roomNameLength)
    .replace(/-+$/, '');
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
