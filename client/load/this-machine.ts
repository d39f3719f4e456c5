// Whether an address is of this machine: what the load tool calls without being told that it may.
import { BlockList, isIP } from 'node:net';

export interface Machine {
  /** Those of all its interfaces. */
  addresses: readonly string[];
  /** Its own host names. */
  names: readonly string[];
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** @param host an address, in brackets or not, or a name; other names are not looked up, and are elsewhere */
export function isOfThisMachine(host: string, { addresses, names }: Machine): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(plain);
  if (family === 0) {
    return /(^|\.)localhost\.?$/.test(plain) || names.some((name) => name.toLowerCase() === plain);
  }
  if (LOOPBACK.check(plain, family === 4 ? 'ipv4' : 'ipv6')) return true;
  return addresses.some((address) => address.toLowerCase() === plain);
}
