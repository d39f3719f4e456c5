// API keys: an application's server signs room tokens with them, without AUTH_TOKEN.
import type { Parser } from './setting.ts';

export interface ApiKey {
  /** Names the key in the header of a token (`kid`). */
  readonly id: string;
  readonly secret: string;
}

/** Every guest holds a token, and may try secrets against its signature: 2^256 of them are too many. */
const MIN_SECRET_BYTES = 32;
const ID = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** 32 random bytes have more than 12 different digits, but for one case in a million. */
const MIN_DIFFERENT = 10;

export const apiKeys: Parser<readonly ApiKey[]> = {
  expected:
    'a comma-separated list of id:secret, each id once, of a-z 0-9 - _, each secret at least 32 random bytes in hex or base64 (`openssl rand -hex 32`)',
  parse(text) {
    const keys = text.split(',').map(parseKey);
    const known = keys.filter((key) => key !== undefined);
    const ids = new Set(known.map(({ id }) => id));
    return known.length === keys.length && ids.size === keys.length ? known : undefined;
  },
};

function parseKey(text: string): ApiKey | undefined {
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/.exec(text.trim()) ?? [];
  return ID.test(id) && looksRandom(secret) ? { id, secret } : undefined;
}

/** Refuses secrets that are too short, or padded by hand to be long enough. */
function looksRandom(secret: string): boolean {
  if (!BASE64.test(secret)) return false;
  const digits = secret.replace(/=+$/, '');
  const bytes = HEX.test(digits) ? digits.length / 2 : (digits.length * 3) / 4;
  const repeats = `${digits}${digits}`.indexOf(digits, 1) < digits.length;
  return bytes >= MIN_SECRET_BYTES && new Set(digits).size >= MIN_DIFFERENT && !repeats;
}
