// The addresses of a host, within a time.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TurnError } from './turn-client-error.ts';

/** Addresses of one name that anybody here tries. */
const MAX_ADDRESSES = 3;

/**
 * As the system resolves it, IPv4 first, as that is what most networks have. An IP address is its own
 * answer.
 *
 * @throws TurnError `unresolvable` or `timeout`
 */
export async function resolveHost(
  host: string,
  timeoutMs: number,
  family: 4 | 6 | 0 = 0,
): Promise<string[]> {
  if (isIP(host) > 0) return [host];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new TurnError('timeout', `The name server does not say where ${host} is.`));
  }, timeoutMs);
  try {
    const found = lookup(host, { all: true, order: 'ipv4first', family });
    const addresses = await Promise.race([found, late.promise]);
    return addresses.slice(0, MAX_ADDRESSES).map(({ address }) => address);
  } catch (cause) {
    if (cause instanceof TurnError) throw cause;
    throw new TurnError('unresolvable', `The hostname ${host} has no address.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
