// How the values of settings are parsed, and in words what is expected.
import { isIP } from 'node:net';
import { flag, integer, type Parser, text } from './setting.ts';

const HOSTNAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
export const host: Parser<string> = {
  expected: 'an IP address or a hostname',
  parse: (value) => (isIP(value) > 0 || HOSTNAME.test(value) ? value : undefined),
};
export const ip: Parser<string> = {
  expected: 'an IPv4 or IPv6 address of this machine',
  parse: (value) => (isIP(value) > 0 ? value : undefined),
};
export const origin: Parser<string> = {
  expected: 'an origin such as https://example.org',
  parse(value) {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    return url && url.origin !== 'null' ? url.origin : undefined;
  },
};
export const turnUrl = text(
  /^(turns?|stuns?):[^\s]+$/,
  'a STUN or TURN address such as turn:turn.example.org:3478?transport=udp',
);
export const relayUrl = text(
  /^turns?:[^\s]+$/,
  'the address of a TURN server such as turn:turn.example.org:3478?transport=udp; STUN servers belong in TURN_URLS',
);
export const redisUrl = text(
  /^rediss?:\/\/\S+$/,
  'an address such as redis://user:password@host:6379/0, or rediss:// for TLS',
);
export const secret = text(/^[^\s].*$/s, 'non-empty text');
export const word = text(/^\S+$/, 'text without spaces');
export const port = integer(1, 65535);
export const portRange: Parser<{ min: number; max: number }> = {
  expected: 'two ports such as 42000-42999, the lower one first',
  parse(value) {
    const [, low, high] = /^(\d{1,5})-(\d{1,5})$/.exec(value) ?? [];
    const [min, max] = [Number(low), Number(high)];
    return min >= 1 && max <= 65535 && min < max ? { min, max } : undefined;
  },
};
/** How many proxies in a row are in front of us; 0: none is trusted. */
export const proxies: Parser<number> = {
  expected: 'true, false, or how many proxies there are in a row',
  parse(value) {
    const isOn = flag.parse(value);
    return isOn === undefined ? integer(0, 10).parse(value) : Number(isOn);
  },
};
export const portOrAny = integer(0, 65535);
/** Its content is checked in server/turn/pool/environment.ts. */
export const turnPool: Parser<string> = {
  expected: 'a JSON array of TURN servers, as docs/turn.md describes them',
  parse: (value) => (value.startsWith('[') && isJson(value) ? value : undefined),
};

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
