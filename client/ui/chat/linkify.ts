// Finds the web addresses in a chat message, so that they can be clicked safely. Pure.

export type TextPart =
  | { text: string; href?: undefined }
  | {
      text: string;
      href: string;
      /** The host in ASCII form, when it is written with letters that look like others. */
      realHost?: string;
    };

/**
 * A link ends before a character that reorders or hides text, so that it cannot show another address
 * than the one it leads to.
 */
const CANDIDATE = /\bhttps?:\/\/[^\s<>"\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}]+/giu;
const OPENERS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** The text in order, cut into plain parts and links. Joined together they are the text again. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = withoutTrailingPunctuation(match[0]);
    const url = safeUrl(shown);
    if (url === undefined) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    // A host in plain ASCII is shown as written; `аpple.com` with a Cyrillic а is not.
    const isPlain = /^[\x21-\x7e]+$/.test(shown);
    parts.push({ text: shown, href: url.href, ...(!isPlain && { realHost: url.host }) });
    end = match.index + shown.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Only http and https, without a user name that could hide the host. */
function safeUrl(candidate: string): URL | undefined {
  if (!URL.canParse(candidate)) return undefined;
  const url = new URL(candidate);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  return url;
}

/** "See https://example.org/a_(b)." links to `https://example.org/a_(b)`, without the full stop. */
function withoutTrailingPunctuation(candidate: string): string {
  // Counted once, and updated as brackets are cut: a row of brackets must not take quadratic time.
  const counts = new Map<string, number>();
  for (const character of candidate) counts.set(character, (counts.get(character) ?? 0) + 1);
  const countOf = (character: string) => counts.get(character) ?? 0;
  let end = candidate.length;
  while (end > 0) {
    const last = candidate[end - 1] ?? '';
    const opener = OPENERS[last];
    const cut = opener ? countOf(last) > countOf(opener) : /[.,;:!?'*…»”’]/u.test(last);
    if (!cut) break;
    counts.set(last, countOf(last) - 1);
    end--;
  }
  return candidate.slice(0, end);
}
