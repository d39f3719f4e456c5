// How this machine reaches a server that listens on HOST.
import { isIPv6 } from 'node:net';

/** Every address of the machine, of both families or of one. */
const EVERY = new Set(['::', '0.0.0.0', '0:0:0:0:0:0:0:0']);

/**
 * Base addresses, to be tried in this order; with a slash at the end.
 * @param names `localhost` instead of its addresses, to be shown
 */
export function localUrls(
  { host, port }: { host: string; port: number },
  { names = false, scheme = 'http' } = {},
): readonly [string, ...string[]] {
  const url = (name: string) => `${scheme}://${isIPv6(name) ? `[${name}]` : name}:${port}/`;
  if (names && (EVERY.has(host) || host === '127.0.0.1')) return [url('localhost')];
  if (host === '0.0.0.0') return [url('127.0.0.1')];
  return EVERY.has(host) ? [url('127.0.0.1'), url('::1')] : [url(host)];
}
