// What a page may choose about the call in its frame.
import * as v from 'valibot';
import { LIMITS } from '../protocol/limits.ts';

/** The buttons of a call. A page that names some has those alone. */
export const EMBED_BUTTONS = [
  'microphone',
  'camera',
  'screen',
  'chat',
  'participants',
  'record',
  'more',
  'link',
  'leave',
] as const;
export type EmbedButton = (typeof EMBED_BUTTONS)[number];

/** The languages that the call is written in. */
export const EMBED_LANGUAGES = ['en'] as const;

/** Much longer than a name may be: the call itself says what is wrong with it. */
const MAX_NAME_LENGTH = 256;

const Color = v.pipe(
  v.string(),
  v.regex(/^#[0-9a-f]{6}$/i, 'a colour such as #0f6b62'),
  v.toLowerCase(),
);

/** The options, and what each may be. */
export const EMBED_OPTIONS = {
  token: v.pipe(
    v.string(),
    v.maxLength(LIMITS.tokenLength, `a token of ${LIMITS.tokenLength} letters at most`),
  ),
  name: v.pipe(
    v.string(),
    v.maxLength(MAX_NAME_LENGTH, `a name of ${MAX_NAME_LENGTH} letters at most`),
  ),
  buttons: v.array(v.picklist(EMBED_BUTTONS, `some of: ${EMBED_BUTTONS.join(' ')}`)),
  language: v.picklist(EMBED_LANGUAGES, `one of: ${EMBED_LANGUAGES.join(' ')}`),
  accentColor: Color,
  backgroundColor: Color,
  textColor: Color,
} as const;
export type EmbedOption = keyof typeof EMBED_OPTIONS;

export const EmbedOptions = v.partial(v.strictObject(EMBED_OPTIONS));
export type EmbedOptions = v.InferOutput<typeof EmbedOptions>;

export function isEmbedOption(name: string): name is EmbedOption {
  return Object.hasOwn(EMBED_OPTIONS, name);
}

/** What the option has to be, where the value is not that. */
export function expectedOf(option: EmbedOption, value: unknown): string | undefined {
  const parsed = v.safeParse(EMBED_OPTIONS[option], value);
  return parsed.success ? undefined : parsed.issues[0].message;
}
