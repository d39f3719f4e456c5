// Which clients count as one: an IPv4 address, or an IPv6 network of 64 bits. Pure.
import { BlockList, isIPv6 } from 'node:net';

/** Where proxies are: this machine, and RFC 1918, 6598, 3927, 4193, 4291. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/**
 * An IPv6 client has 2^64 addresses at hand: its network is what is given to one household or machine.
 *
 * @param ip as a socket names it
 */
export function addressKey(ip: string): string {
  const address = plain(ip);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
    while (groups.length + after < 8 && groups.length < 4) groups.push('0');
    if (groups.length < 4) groups.push(...tail.split(':'));
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/** An address that is not routed on the internet, this machine's own included. */
export function isPrivate(ip: string): boolean {
  const address = plain(ip);
  return PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Without the zone; an IPv4 address that a socket for both families names is one. */
function plain(ip: string): string {
  const [address = ''] = ip.split('%');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
