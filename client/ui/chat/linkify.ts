// Finds the web addresses in a chat message, so that they can be clicked safely. Pure.

export type TextPart = { text: string; href?: undefined } | { text: string; href: string };

const CANDIDATE = /\bhttps?:\/\/[^\s<>"]+/giu;
const OPENERS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** The text in order, cut into plain parts and links. Joined together they are the text again. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = withoutTrailingPunctuation(match[0]);
    const href = safeHref(shown);
    if (href === undefined) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: shown, href });
    end = match.index + shown.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Only http and https, and none that hides its host behind a user name. */
function safeHref(candidate: string): string | undefined {
  if (!URL.canParse(candidate)) return undefined;
  const url = new URL(candidate);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  return url.href;
}

/** "See https://example.org/a_(b)." links to `https://example.org/a_(b)`, without the full stop. */
function withoutTrailingPunctuation(candidate: string): string {
  let end = candidate.length;
  while (end > 0) {
    const last = candidate[end - 1] ?? '';
    const opener = OPENERS[last];
    const cut = opener
      ? count(candidate, last, end) > count(candidate, opener, end)
      : /[.,;:!?'*…»”’]/u.test(last);
    if (!cut) break;
    end--;
  }
  return candidate.slice(0, end);
}

function count(text: string, character: string, end: number): number {
  let found = 0;
  for (let index = 0; index < end; index++) if (text[index] === character) found++;
  return found;
}
