// The arguments of `parley turn add`, as the API takes them; or an error for a wrong flag.
import { readFile } from 'node:fs/promises';
import { fitsField, TURN_SERVER_WORDS as WORDS } from '../../shared/api/turn-server.ts';
import { parseTurnUrl } from '../turn/client/turn-url.ts';
import type { TurnServerEntry } from '../turn/pool/environment.ts';
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

const CREDENTIALS = '--secret-file FILE, or --username NAME with --password-file FILE';
const NUMBERS = [
  { flag: 'weight', field: 'weight' },
  { flag: 'capacity', field: 'capacity' },
  { flag: 'ttl', field: 'ttlSeconds' },
] as const;
const TEXTS = [
  { flag: 'id', field: 'id' },
  { flag: 'region', field: 'region' },
  { flag: 'metrics-url', field: 'metricsUrl' },
  { flag: 'username', field: 'username' },
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
  for (const url of urls) {
    if (/^stuns?:/i.test(url)) {
      throw new UsageError(
        `"${url}" is a STUN server, which relays nothing: it belongs in TURN_URLS of the server.`,
      );
    }
    if (!parseTurnUrl(url) || !fitsField('urls', [url])) {
      throw new UsageError(`"${url}" is no address of a TURN server: that is ${WORDS.url}.`);
    }
  }
  if (!fitsField('urls', urls)) {
    const count = urls.length === 0 ? 'none was' : `${urls.length} were`;
    throw new UsageError(`add takes ${WORDS.urls}; ${count} given.`);
  }
  return [...urls];
}

type Given<Row extends { field: keyof TurnServerEntry }> = Pick<TurnServerEntry, Row['field']>;

function texts(flags: Flags): Given<(typeof TEXTS)[number]> {
  return Object.fromEntries(
    TEXTS.flatMap(({ flag, field }) => {
      const text = flags[flag];
      if (text === undefined) return [];
      if (!fitsField(field, text)) throw unfit(flag, WORDS[field], text);
      return [[field, text]];
    }),
  );
}

function numbers(flags: Flags): Given<(typeof NUMBERS)[number]> {
  return Object.fromEntries(
    NUMBERS.flatMap(({ flag, field }) => {
      const text = flags[flag];
      if (text === undefined) return [];
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (!fitsField(field, value)) throw unfit(flag, WORDS[field], text);
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

/** @throws UsageError when it cannot be read, or holds no secret */
async function secretIn(file: string): Promise<string> {
  const name = file === '-' ? 'Standard input' : file;
  const text = await textOf(file).catch((cause) => {
    throw new UsageError(`${name} cannot be read: ${cause instanceof Error ? cause.message : ''}`);
  });
  const secret = text.replace(/\r?\n$/, '');
  if (secret.trim() === '') throw new UsageError(`${name} is empty.`);
  if (/[\r\n]/.test(secret) || !fitsField('secret', secret)) {
    throw new UsageError(`${name} holds no secret: that is ${WORDS.secret}.`);
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
