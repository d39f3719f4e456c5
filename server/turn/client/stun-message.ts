// STUN messages (RFC 8489): writes them, and reads them without trust in the sender.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fromXorAddress, type TransportAddress, xorAddress } from './stun-message-address.ts';

export type StunClass = 'request' | 'indication' | 'success' | 'error';

/** RFC 8489 §18.2, RFC 8656 §17. */
export const METHOD = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
} as const;

/** RFC 8489 §18.3, RFC 8656 §18, RFC 8445 §16.1. */
export const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  requestedTransport: 0x0019,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
  iceControlling: 0x802a,
} as const;

export const HEADER_BYTES = 20;
export const TRANSACTION_ID_BYTES = 12;
export const MAGIC_COOKIE = 0x2112a442;
const ATTRIBUTE_HEADER_BYTES = 4;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_BYTES = 4;
/** So that the checksum differs from one of another protocol (RFC 8489 §14.7): "STUN". */
const FINGERPRINT_XOR = 0x5354554e;
/** Real messages have about ten. A message full of empty ones is only meant to keep us busy. */
const MAX_ATTRIBUTES = 64;
/** Longest phrase of an ERROR-CODE that is shown (RFC 8489 §14.8 allows 763 bytes). */
const MAX_REASON = 100;

const CLASSES: readonly StunClass[] = ['request', 'indication', 'success', 'error'];

export interface StunMessage {
  readonly method: number;
  readonly class: StunClass;
  readonly transactionId: Buffer;
  /** The first value of each type (RFC 8489 §14), of those that an integrity check would cover. */
  readonly attributes: ReadonlyMap<number, Buffer>;
  /** Where MESSAGE-INTEGRITY begins, if there is one. */
  readonly integrityAt: number | undefined;
  /** The whole message, as received. */
  readonly bytes: Buffer;
}

export interface StunParts {
  method: number;
  class: StunClass;
  /** Random unless given. */
  transactionId?: Buffer;
  attributes?: readonly (readonly [type: number, value: Buffer])[];
  /** Adds MESSAGE-INTEGRITY. */
  key?: Buffer | undefined;
  /** Adds FINGERPRINT. */
  fingerprint?: boolean;
}

export function newTransactionId(): Buffer {
  return randomBytes(TRANSACTION_ID_BYTES);
}

/** The key of long-term credentials (RFC 8489 §9.2.2), as every TURN server has it: MD5. */
export function longTermKey(username: string, realm: string, password: string): Buffer {
  const text = [username, realm, password].map((part) => part.normalize('NFC')).join(':');
  return createHash('md5').update(text).digest();
}

/** The key of short-term credentials (RFC 8489 §9.1.1), which ICE uses. */
export function shortTermKey(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'));
}

export function encodeStun(parts: StunParts): Buffer {
  const { transactionId = newTransactionId(), attributes = [], key, fingerprint = false } = parts;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(typeField(parts.method, parts.class), 0);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  transactionId.copy(header, 8);
  let message = Buffer.concat([header, ...attributes.map(([type, value]) => field(type, value))]);
  if (key) {
    const value = integrity(message, message.length, key);
    message = Buffer.concat([message, field(ATTRIBUTE.messageIntegrity, value)]);
  }
  // Both cover a length that counts themselves.
  const end = ATTRIBUTE_HEADER_BYTES + FINGERPRINT_BYTES;
  message.writeUInt16BE(message.length - HEADER_BYTES + (fingerprint ? end : 0), 2);
  if (!fingerprint) return message;
  return Buffer.concat([message, field(ATTRIBUTE.fingerprint, uint32(checksum(message)))]);
}

/**
 * Strict and total: whatever the bytes are, it reads each at most once and never past their end.
 *
 * @returns undefined for anything that is not one whole STUN message, or has a wrong FINGERPRINT
 */
export function parseStun(packet: Uint8Array): StunMessage | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.length % 4 !== 0) return undefined;
  const type = bytes.readUInt16BE(0);
  if (type > 0x3fff || bytes.readUInt32BE(4) !== MAGIC_COOKIE) return undefined;
  if (bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES) return undefined;
  const read = readAttributes(bytes);
  const kind = CLASSES[((type >> 4) & 1) | ((type >> 7) & 2)];
  if (!read || !kind) return undefined;
  return {
    method: (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2),
    class: kind,
    transactionId: bytes.subarray(8, HEADER_BYTES),
    ...read,
    bytes,
  };
}

function readAttributes(
  bytes: Buffer,
): Pick<StunMessage, 'attributes' | 'integrityAt'> | undefined {
  const attributes = new Map<number, Buffer>();
  let integrityAt: number | undefined;
  let at = HEADER_BYTES;
  for (let count = 0; at < bytes.length; count++) {
    if (count === MAX_ATTRIBUTES) return undefined;
    // The length of the message is a multiple of 4, and so is `at`: the header is there.
    const type = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    const from = at + ATTRIBUTE_HEADER_BYTES;
    const next = from + padded(length);
    if (next > bytes.length) return undefined;
    if (type === ATTRIBUTE.fingerprint) {
      const right = length === FINGERPRINT_BYTES && next === bytes.length;
      if (!right || bytes.readUInt32BE(from) !== checksum(bytes.subarray(0, at))) return undefined;
    } else if (integrityAt === undefined) {
      // What follows MESSAGE-INTEGRITY is not covered by it (RFC 8489 §14.5).
      if (type === ATTRIBUTE.messageIntegrity) {
        if (length !== INTEGRITY_BYTES) return undefined;
        integrityAt = at;
      } else if (!attributes.has(type)) {
        attributes.set(type, bytes.subarray(from, from + length));
      }
    }
    at = next;
  }
  return { attributes, integrityAt };
}

/** Whether the sender of the message has the key. */
export function hasIntegrity({ bytes, integrityAt }: StunMessage, key: Buffer): boolean {
  if (integrityAt === undefined) return false;
  const from = integrityAt + ATTRIBUTE_HEADER_BYTES;
  const received = bytes.subarray(from, from + INTEGRITY_BYTES);
  return timingSafeEqual(received, integrity(bytes, integrityAt, key));
}

export function addressOf(message: StunMessage, attribute: number): TransportAddress | undefined {
  const value = message.attributes.get(attribute);
  return value && fromXorAddress(value, message.bytes.subarray(4, HEADER_BYTES));
}

export function textOf(message: StunMessage, attribute: number): string | undefined {
  return message.attributes.get(attribute)?.toString('utf8');
}

export function uint32Of(message: StunMessage, attribute: number): number | undefined {
  const value = message.attributes.get(attribute);
  return value?.length === 4 ? value.readUInt32BE(0) : undefined;
}

/** The code and phrase of an error answer. The phrase is printable and short, so safe to show. */
export function errorOf(message: StunMessage): { code: number; reason: string } | undefined {
  const value = message.attributes.get(ATTRIBUTE.errorCode);
  const hundreds = (value?.[2] ?? 0) & 0x07;
  const rest = value?.[3] ?? 0;
  if (!value || value.length < 4 || hundreds < 3 || hundreds > 6 || rest > 99) return undefined;
  const reason = value.toString('latin1', 4, 4 + MAX_REASON).replace(/[^\x20-\x7e]/g, '');
  return { code: hundreds * 100 + rest, reason };
}

export function peerAddress(to: TransportAddress, transactionId: Buffer): [number, Buffer] {
  const mask = Buffer.concat([uint32(MAGIC_COOKIE), transactionId]);
  return [ATTRIBUTE.xorPeerAddress, xorAddress(to, mask)];
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0, 0);
  return bytes;
}

function field(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(ATTRIBUTE_HEADER_BYTES + padded(value.length));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Method and class are interleaved (RFC 8489 §5). */
function typeField(method: number, kind: StunClass): number {
  const bits = CLASSES.indexOf(kind);
  const spread = (method & 0x00f) | ((method & 0x070) << 1) | ((method & 0xf80) << 2);
  return spread | ((bits & 1) << 4) | ((bits & 2) << 7);
}

/** Over all before `end`, with a length that reaches to the end of MESSAGE-INTEGRITY. */
function integrity(message: Buffer, end: number, key: Buffer): Buffer {
  const covered = Buffer.from(message.subarray(0, end));
  const length = end + ATTRIBUTE_HEADER_BYTES + INTEGRITY_BYTES - HEADER_BYTES;
  covered.writeUInt16BE(length, 2);
  return createHmac('sha1', key).update(covered).digest();
}

function checksum(covered: Buffer): number {
  return (crc32(covered) ^ FINGERPRINT_XOR) >>> 0;
}
