// What `parley turn add` was told, as the API takes it; or a sentence for the flag that is wrong.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { parseTurnUrl } from '../turn/client/turn-url.ts';
import { TurnServerEntry } from '../turn/pool/environment.ts';
import { UsageError } from './usage.ts';

export const ADD_OPTIONS = {
  id: { type: 'string' },
  region: { type: 'string' },
  weight: { type: 'string' },
  capacity: { type: 'string' },
  'metrics-url': { type: 'string' },
  ttl: { type: 'string' },
  username: { type: 'string' },
  'secret-file': { type: 'string' },
  'password-file': { type: 'string' },
} as const;

type Flags = { readonly [F in keyof typeof ADD_OPTIONS]?: string | undefined };

const { entries } = TurnServerEntry;
const CREDENTIALS = '--secret-file FILE, or --username NAME with --password-file FILE';
const NUMBERS = [
  { flag: 'weight', field: 'weight', wants: 'a number' },
  { flag: 'capacity', field: 'capacity', wants: 'a whole number of allocations' },
  { flag: 'ttl', field: 'ttlSeconds', wants: 'a whole number of seconds' },
] as const;
const TEXTS = [
  {
    flag: 'id',
    field: 'id',
    wants: 'a name of 1 to 128 letters, digits and . _ : [ ] -, beginning with a letter or digit',
  },
  { flag: 'region', field: 'region', wants: 'a name of 1 to 64 characters without spaces' },
  {
    flag: 'metrics-url',
    field: 'metricsUrl',
    wants: 'an address like http://turn.example.org:9641/metrics',
  },
  {
    flag: 'username',
    field: 'username',
    wants: `a name of 1 to ${limitOf(entries.username, 'max_length')} characters`,
  },
] as const;

/** Files are read when everything else is right. @throws UsageError */
export async function newTurnServer(
  urls: readonly string[],
  flags: Flags,
): Promise<TurnServerEntry> {
  const checked = { urls: addresses(urls), ...texts(flags), ...numbers(flags) };
  checkCredentials(flags);
  const secret = flags['secret-file'];
  const password = flags['password-file'];
  return {
    ...checked,
    ...(secret !== undefined && { secret: await secretIn(secret) }),
    ...(password !== undefined && { password: await secretIn(password) }),
  };
}

function addresses(urls: readonly string[]): string[] {
  const most = limitOf(entries.urls, 'max_length');
  if (urls.length === 0 || (most !== undefined && urls.length > most)) {
    const count = urls.length === 0 ? 'none was' : `${urls.length} were`;
    throw new UsageError(`add takes the addresses of one server, 1 to ${most}; ${count} given.`);
  }
  for (const url of urls) {
    if (/^stuns?:/i.test(url)) {
      throw new UsageError(
        `"${url}" is a STUN server, which relays nothing: it belongs in TURN_URLS of the server.`,
      );
    }
    if (!parseTurnUrl(url) || !v.is(entries.urls, [url])) {
      throw new UsageError(
        `"${url}" is no address of a TURN server. It is like turn:turn.example.org:3478?transport=udp, or turns:turn.example.org:5349.`,
      );
    }
  }
  return [...urls];
}

type Given<Row extends { field: keyof TurnServerEntry }> = Pick<TurnServerEntry, Row['field']>;

function texts(flags: Flags): Given<(typeof TEXTS)[number]> {
  return Object.fromEntries(
    TEXTS.flatMap(({ flag, field, wants }) => {
      const text = flags[flag];
      if (text === undefined) return [];
      if (!v.is(entries[field], text)) throw unfit(flag, wants, text);
      return [[field, text]];
    }),
  );
}

function numbers(flags: Flags): Given<(typeof NUMBERS)[number]> {
  return Object.fromEntries(
    NUMBERS.flatMap(({ flag, field, wants }) => {
      const text = flags[flag];
      if (text === undefined) return [];
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (!v.is(entries[field], value)) {
        throw unfit(flag, `${wants} ${rangeOf(entries[field])}`, text);
      }
      return [[field, value]];
    }),
  );
}

function unfit(flag: string, wants: string, text: string): UsageError {
  return new UsageError(`--${flag} wants ${wants}; "${text}" is none.`);
}

/** @throws UsageError */
function checkCredentials(flags: Flags): void {
  const { username, 'secret-file': secret, 'password-file': password } = flags;
  const user = username !== undefined || password !== undefined;
  if (secret === undefined && !user) {
    throw new UsageError(`The server needs credentials: ${CREDENTIALS}.`);
  }
  if (secret !== undefined && user) {
    throw new UsageError(
      `The server needs credentials of one kind, and both were given: ${CREDENTIALS}.`,
    );
  }
  if (username === undefined && password !== undefined) {
    throw new UsageError('--password-file needs --username NAME beside it.');
  }
  if (username !== undefined && password === undefined) {
    throw new UsageError('--username needs --password-file FILE beside it.');
  }
}

/** @throws UsageError when it cannot be read, or what is in it is no secret */
async function secretIn(file: string): Promise<string> {
  const name = file === '-' ? 'Standard input' : file;
  const text = await textOf(file).catch((cause) => {
    throw new UsageError(`${name} cannot be read: ${cause instanceof Error ? cause.message : ''}`);
  });
  const secret = text.replace(/\r?\n$/, '');
  if (secret.trim() === '') throw new UsageError(`${name} is empty.`);
  if (/[\r\n]/.test(secret) || !v.is(entries.secret, secret)) {
    throw new UsageError(
      `${name} holds no secret: that is one line of 1 to ${limitOf(entries.secret, 'max_length')} characters.`,
    );
  }
  return secret;
}

async function textOf(file: string): Promise<string> {
  if (file !== '-') return readFile(file, 'utf8');
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return text;
}

/** As much of a schema as tells its limits: read there, so that no sentence here grows old. */
interface Limited {
  readonly wrapped?: Limited;
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
}

function limitOf(
  { wrapped, pipe = [] }: Limited,
  type: 'min_value' | 'max_value' | 'max_length',
): number | undefined {
  const found = pipe.find((action) => action.type === type)?.requirement;
  if (typeof found === 'number') return found;
  return wrapped && limitOf(wrapped, type);
}

function rangeOf(schema: Limited): string {
  const [least, most] = [limitOf(schema, 'min_value'), limitOf(schema, 'max_value')];
  return most === undefined ? `from ${least} up` : `from ${least} to ${most}`;
}
