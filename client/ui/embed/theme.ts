// The colours that the page around the frame chose, as the tokens of styles/base/text.css. Pure.
import type { EmbedOptions } from '../../../shared/embed/options.ts';

export type ChosenColors = Pick<EmbedOptions, 'accentColor' | 'backgroundColor' | 'textColor'>;

export interface Theme {
  /** The colours of what the browser draws itself. Undefined: the system's. */
  scheme: 'light' | 'dark' | undefined;
  /** By the names of the tokens. */
  tokens: Readonly<Record<string, string>>;
}

/** WCAG 2.2, 1.4.3: text that is not large. */
export const LEAST_CONTRAST = 4.5;
const BLACK = '#000000';
const WHITE = '#ffffff';

/** @returns why the colours cannot be used together, if they cannot */
export function colorProblem({ backgroundColor, textColor }: ChosenColors): string | undefined {
  if (textColor === undefined) return undefined;
  if (backgroundColor === undefined) return 'A text colour needs a background colour beside it.';
  const contrast = contrastOf(backgroundColor, textColor);
  if (contrast >= LEAST_CONTRAST) return undefined;
  return `The text colour ${textColor} on ${backgroundColor} has a contrast of ${contrast.toFixed(1)}. It has to be ${LEAST_CONTRAST} at least.`;
}

export function themeOf(colors: ChosenColors): Theme {
  const { accentColor, backgroundColor, textColor } = colors;
  const text = textColor ?? (backgroundColor && readableOn(backgroundColor));
  const isDark = backgroundColor !== undefined && readableOn(backgroundColor) === WHITE;
  return {
    scheme: backgroundColor === undefined ? undefined : isDark ? 'dark' : 'light',
    tokens: {
      ...(backgroundColor !== undefined && text !== undefined
        ? backgroundTokens(backgroundColor, text, isDark)
        : {}),
      ...(accentColor === undefined ? {} : accentTokens(accentColor)),
    },
  };
}

function backgroundTokens(
  background: string,
  text: string,
  isDark: boolean,
): Record<string, string> {
  /** A mixture of both: 0 is the background, 100 the text. */
  const mixed = (percent: number) => `color-mix(in oklab, ${text} ${percent}%, ${background})`;
  return {
    '--bg': background,
    '--text': text,
    '--surface': mixed(isDark ? 5 : 0),
    '--tile': mixed(8),
    '--raised': mixed(10),
    '--raised-hover': mixed(16),
    '--line': mixed(18),
    '--field-line': mixed(55),
    '--muted': mixed(80),
    '--danger-text': isDark ? '#ff9a9f' : '#b01f2a',
  };
}

function accentTokens(accent: string): Record<string, string> {
  const on = readableOn(accent);
  return {
    '--accent': accent,
    '--on-accent': on,
    // Away from the text on it, so that it stays readable.
    '--accent-hover': `color-mix(in oklab, ${accent} 88%, ${on === WHITE ? BLACK : WHITE})`,
    '--accent-soft': `color-mix(in oklab, ${accent} 18%, var(--bg))`,
    '--on-accent-soft': 'var(--text)',
  };
}

/** Black or white, whichever has more contrast: 4.58 at least. */
export function readableOn(color: string): string {
  return contrastOf(color, WHITE) >= contrastOf(color, BLACK) ? WHITE : BLACK;
}

/** WCAG 2.2, contrast ratio: 1 to 21. @param one `#rrggbb`, as the other */
export function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
