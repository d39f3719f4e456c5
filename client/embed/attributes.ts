// What the attributes of a <parley-call> ask for. What is not known is an error with its name.
import { type EmbedOption, type EmbedOptions, expectedOf } from '../../shared/embed/options.ts';
import { isRoomName } from '../../shared/protocol/text.ts';
import { EmbedError } from './embed-error.ts';

export interface Wanted {
  /** The origin of the Parley server. */
  server: string;
  room: string;
  options: EmbedOptions;
}

/** The option that each attribute sets. */
const OPTION_OF: Readonly<Record<string, EmbedOption>> = {
  token: 'token',
  name: 'name',
  buttons: 'buttons',
  language: 'language',
  'accent-color': 'accentColor',
  'background-color': 'backgroundColor',
  'text-color': 'textColor',
};
export const ATTRIBUTES: readonly string[] = ['room', 'server', ...Object.keys(OPTION_OF)];

/** What every element of HTML may have. Frameworks begin names of their own with an underscore. */
const OF_EVERY_ELEMENT =
  /^(accesskey|autofocus|class|contenteditable|dir|draggable|enterkeyhint|exportparts|hidden|id|inert|inputmode|is|item(id|prop|ref|scope|type)|lang|nonce|part|popover|role|slot|spellcheck|style|tabindex|title|translate|(data|aria)-.+|on.+|_.+)$/;

/**
 * Pure.
 *
 * @param attributes names and values
 * @param ownServer the origin of the server where none is named
 * @throws EmbedError `bad_option`
 */
export function wantedOf(
  attributes: ReadonlyMap<string, string>,
  ownServer: string | undefined,
): Wanted {
  const options: Record<string, unknown> = {};
  for (const [name, value] of attributes) {
    if (name === 'room' || name === 'server' || OF_EVERY_ELEMENT.test(name)) continue;
    const option = Object.hasOwn(OPTION_OF, name) ? OPTION_OF[name] : undefined;
    if (!option) throw notKnown(name);
    options[option] = parsed(name, option, value);
  }
  return {
    server: serverOf(attributes.get('server'), ownServer),
    room: roomOf(attributes.get('room')),
    options,
  };
}

function parsed(name: string, option: EmbedOption, text: string): unknown {
  const value = option === 'buttons' ? text.split(/\s+/).filter((word) => word !== '') : text;
  const expected = expectedOf(option, value);
  if (expected === undefined) return value;
  // A token is a secret, and errors are logged.
  const shown = option === 'token' ? '' : ` It is "${text.slice(0, 80)}".`;
  throw wrong(name, `The attribute "${name}" of <parley-call> has to be ${expected}.${shown}`);
}

function roomOf(room: string | undefined): string {
  if (!room) throw wrong('room', '<parley-call> needs an attribute "room": the name of the room.');
  if (isRoomName(room)) return room;
  throw wrong(
    'room',
    `The attribute "room" of <parley-call> has to be 1 to 64 lower-case letters, numbers, "-" or "_". It is "${room.slice(0, 80)}".`,
  );
}

function serverOf(server: string | undefined, ownServer: string | undefined): string {
  const given = server ?? ownServer;
  const url = given !== undefined && URL.canParse(given) ? new URL(given) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.origin;
  throw wrong(
    'server',
    given === undefined
      ? '<parley-call> needs an attribute "server": the address of the Parley server.'
      : `The attribute "server" of <parley-call> has to be an address such as https://calls.example.org. It is "${given.slice(0, 80)}".`,
  );
}

function notKnown(name: string): EmbedError {
  const known = ATTRIBUTES.join(', ');
  return wrong(name, `<parley-call> has no attribute "${name}". It has: ${known}.`);
}

function wrong(option: string, message: string): EmbedError {
  return new EmbedError('bad_option', message, option);
}
