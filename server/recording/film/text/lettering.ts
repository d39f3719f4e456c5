// Names as text that libass shows: whole characters only, none that it would take for a command.

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Marks that are stacked on one letter beyond this cover other tiles. */
const MOST_CODE_POINTS = 12;

function split(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => {
    const points = [...segment];
    return points.length > MOST_CODE_POINTS ? points.slice(0, MOST_CODE_POINTS).join('') : segment;
  });
}

/** The width in parts of the font's size, roughly: what is too long is cut off, and clipped to its tile besides. */
function widthOf(grapheme: string): number {
  if (
    /^[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
      grapheme,
    )
  ) {
    return 1;
  }
  if (/\p{Extended_Pictographic}/u.test(grapheme)) return 1.1;
  if (/^[ilI.,:;'|! ]/.test(grapheme)) return 0.3;
  return /^[A-Z@#%&mwMW]/.test(grapheme) ? 0.72 : 0.55;
}

/** Whitespace and what is no character becomes a space. */
function plain(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}

/** @param most of the font's size */
export function shortened(text: string, most: number): string {
  let width = 0;
  let kept = '';
  for (const grapheme of split(plain(text))) {
    width += widthOf(grapheme);
    if (width > most) return `${kept.trimEnd()}…`;
    kept += grapheme;
  }
  return kept;
}

/**
 * Braces open commands and a backslash begins one. libass shows an escaped brace; a backslash stands alone when a
 * word joiner, which cannot be seen, follows it.
 */
export function assText(text: string): string {
  return text.replaceAll('\\', '\\\u2060').replaceAll('{', '\\{').replaceAll('}', '\\}');
}

/** The initials of the first and the last word: `Ann Miller` is `AM`. */
export function initialsOf(name: string): string {
  const words = plain(name)
    .split(' ')
    .map((word) =>
      split(word).filter((each) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(each)),
    )
    .filter((word) => word.length > 0);
  const [first] = words[0] ?? [];
  const last = words.length > 1 ? words.at(-1)?.[0] : undefined;
  // Fonts of one colour show a family as its members, side by side.
  if (/^\p{Extended_Pictographic}/u.test(first ?? '')) return [...(first ?? '')][0] ?? '';
  // Scripts that join their letters, or stack them, make no initials of two.
  const initials = /^\p{Script=Latin}|^\p{Script=Cyrillic}|^\p{Script=Greek}/u.test(first ?? '')
    ? `${first}${last ?? ''}`
    : (first ?? '');
  return initials.toLocaleUpperCase('en');
}
