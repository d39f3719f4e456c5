// The look of a participant without a picture: initials, and a constant calm colour. Pure.

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One or two characters for a name. Emoji and other scripts keep whole characters. */
export function initials(name: string): string {
  const words = name
    .split(/[\s_.-]+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}\p{S}]+/u, ''))
    .filter((word) => word !== '');
  const first = firstCharacter(words[0] ?? name);
  const last = words.length > 1 ? firstCharacter(words.at(-1) ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** Hues far enough apart to distinguish participants. Red and amber have meanings of their own. */
const HUES = [150, 175, 195, 215, 240, 265, 290, 315, 345, 120] as const;

/** A hue in degrees, always the same for the same id. */
export function hueOf(id: string): number {
  // FNV-1a: short ids that differ in one character land far apart.
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return HUES[(hash >>> 0) % HUES.length] ?? HUES[0];
}

function firstCharacter(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment;
  return '';
}
