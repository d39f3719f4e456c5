// IP addresses as STUN writes them: bytes, mixed with the magic cookie and the transaction's id.
import { isIPv4, isIPv6 } from 'node:net';

export interface TransportAddress {
  address: string;
  port: number;
}

const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
/** Reserved byte, family, port. */
const BEFORE_IP = 4;

/** @returns 4 or 16 bytes; undefined when it is no IP address */
export function ipBytes(address: string): Buffer | undefined {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address)) return undefined;
  // The URL parser writes every IPv6 address the same way: hexadecimal groups, at most one "::".
  const [withoutZone = ''] = address.split('%');
  const canonical = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** @param bytes 4 or 16 of them */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, n) =>
    (((bytes[2 * n] ?? 0) << 8) | (bytes[2 * n + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Whether both are the same address, in any notation. */
export function sameIp(one: string, other: string): boolean {
  const [a, b] = [ipBytes(one), ipBytes(other)];
  return a !== undefined && b !== undefined && a.equals(b);
}

/** The address as text, IPv6 in brackets. */
export function addressText({ address, port }: TransportAddress): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * The value of a XOR-…-ADDRESS attribute (RFC 8489 §14.2).
 *
 * @param mask magic cookie and transaction id, as they stand in the message
 * @throws RangeError when `address` is no IP address
 */
export function xorAddress({ address, port }: TransportAddress, mask: Uint8Array): Buffer {
  const ip = ipBytes(address);
  if (!ip) throw new RangeError(`${address} is not an IP address`);
  const value = Buffer.alloc(BEFORE_IP + ip.length);
  value[1] = ip.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6;
  value.writeUInt16BE(port, 2);
  ip.copy(value, BEFORE_IP);
  return masked(value, mask);
}

/** @returns undefined when the value is not one of a XOR-…-ADDRESS attribute */
export function fromXorAddress(value: Buffer, mask: Uint8Array): TransportAddress | undefined {
  const bytes = value[1] === FAMILY_IPV4 ? 4 : value[1] === FAMILY_IPV6 ? 16 : undefined;
  if (bytes === undefined || value.length !== BEFORE_IP + bytes) return undefined;
  const plain = masked(Buffer.from(value), mask);
  return { address: ipText(plain.subarray(BEFORE_IP)), port: plain.readUInt16BE(2) };
}

/** Its own inverse. The port is mixed with the beginning of the mask, and so is the address. */
function masked(value: Buffer, mask: Uint8Array): Buffer {
  for (let i = 2; i < value.length; i++) {
    value[i] = (value[i] ?? 0) ^ (mask[i < BEFORE_IP ? i - 2 : i - BEFORE_IP] ?? 0);
  }
  return value;
}
