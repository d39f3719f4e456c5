// SRTP and SRTCP of our own over node:crypto, to hold the worker's against (RFC 3711, RFC 7714).

import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

export const SUITES = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
] as const;
export type Suite = (typeof SUITES)[number];

interface Profile {
  keyBytes: 16 | 32;
  saltBytes: 12 | 14;
  rtpTagBytes: number;
  rtcpTagBytes: number;
  aead: boolean;
}

/** The _32 suite shortens the tag of RTP only (RFC 5764 section 4.1.2, RFC 3711 section 5.2). */
export const PROFILES: Readonly<Record<Suite, Profile>> = {
  AEAD_AES_256_GCM: { keyBytes: 32, saltBytes: 12, rtpTagBytes: 16, rtcpTagBytes: 16, aead: true },
  AEAD_AES_128_GCM: { keyBytes: 16, saltBytes: 12, rtpTagBytes: 16, rtcpTagBytes: 16, aead: true },
  AES_CM_128_HMAC_SHA1_80: {
    keyBytes: 16,
    saltBytes: 14,
    rtpTagBytes: 10,
    rtcpTagBytes: 10,
    aead: false,
  },
  AES_CM_128_HMAC_SHA1_32: {
    keyBytes: 16,
    saltBytes: 14,
    rtpTagBytes: 4,
    rtcpTagBytes: 10,
    aead: false,
  },
};

/** SRTCP carries the index of the packet, with a bit in front that says it is encrypted. */
const SRTCP_INDEX_BYTES = 4;
const SRTCP_ENCRYPTED = 0x8000_0000;
const RTCP_HEADER_BYTES = 8;

interface SessionKeys {
  cipher: Buffer;
  auth: Buffer;
  salt: Buffer;
}

/** One direction of one session. Throws on a packet whose tag is wrong. */
export class SrtpContext {
  readonly #profile: Profile;
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;

  constructor(suite: Suite, keyBase64: string) {
    const profile = PROFILES[suite];
    const master = Buffer.from(keyBase64, 'base64');
    if (master.length !== profile.keyBytes + profile.saltBytes) throw new Error('key length');
    this.#profile = profile;
    this.#rtp = deriveKeys(profile, master, 0);
    this.#rtcp = deriveKeys(profile, master, 3);
  }

  /** `rollover`: how often the sequence number has wrapped (RFC 3711's ROC). */
  protectRtp(packet: Buffer, rollover = 0): Buffer {
    const header = packet.subarray(0, rtpHeaderBytes(packet));
    const payload = packet.subarray(header.length);
    const nonce = this.#rtpNonce(packet, rollover);
    if (this.#profile.aead)
      return Buffer.concat([header, this.#seal(this.#rtp, nonce, header, payload)]);
    const text = Buffer.concat([header, counterMode(this.#rtp, nonce, payload)]);
    return Buffer.concat([text, this.#rtpTag(text, rollover)]);
  }

  unprotectRtp(packet: Buffer, rollover = 0): Buffer {
    const header = packet.subarray(0, rtpHeaderBytes(packet));
    const nonce = this.#rtpNonce(packet, rollover);
    if (this.#profile.aead) {
      return Buffer.concat([
        header,
        this.#open(this.#rtp, nonce, header, packet.subarray(header.length)),
      ]);
    }
    const text = packet.subarray(0, -this.#profile.rtpTagBytes);
    expectTag(packet.subarray(text.length), this.#rtpTag(text, rollover));
    return Buffer.concat([header, counterMode(this.#rtp, nonce, text.subarray(header.length))]);
  }

  protectRtcp(packet: Buffer, index: number): Buffer {
    const header = packet.subarray(0, RTCP_HEADER_BYTES);
    const payload = packet.subarray(RTCP_HEADER_BYTES);
    const nonce = this.#rtcpNonce(packet, index);
    const trailer = Buffer.alloc(SRTCP_INDEX_BYTES);
    trailer.writeUInt32BE((SRTCP_ENCRYPTED | index) >>> 0);
    if (this.#profile.aead) {
      const sealed = this.#seal(this.#rtcp, nonce, Buffer.concat([header, trailer]), payload);
      return Buffer.concat([header, sealed, trailer]);
    }
    const text = Buffer.concat([header, counterMode(this.#rtcp, nonce, payload), trailer]);
    return Buffer.concat([text, this.#rtcpTag(text)]);
  }

  unprotectRtcp(packet: Buffer): Buffer {
    const { aead, rtcpTagBytes } = this.#profile;
    const header = packet.subarray(0, RTCP_HEADER_BYTES);
    const end = packet.length - (aead ? 0 : rtcpTagBytes);
    const trailer = packet.subarray(end - SRTCP_INDEX_BYTES, end);
    if (!(trailer.readUInt32BE() & SRTCP_ENCRYPTED)) throw new Error('SRTCP is not encrypted');
    const nonce = this.#rtcpNonce(packet, trailer.readUInt32BE() & ~SRTCP_ENCRYPTED);
    const body = packet.subarray(RTCP_HEADER_BYTES, end - SRTCP_INDEX_BYTES);
    if (aead) {
      const associated = Buffer.concat([header, trailer]);
      return Buffer.concat([header, this.#open(this.#rtcp, nonce, associated, body)]);
    }
    expectTag(packet.subarray(end), this.#rtcpTag(packet.subarray(0, end)));
    return Buffer.concat([header, counterMode(this.#rtcp, nonce, body)]);
  }

  /** SSRC, rollover and sequence number over the salt (RFC 3711 section 4.1.1, 7714 section 8.1). */
  #rtpNonce(packet: Buffer, rollover: number): Buffer {
    const nonce = Buffer.alloc(this.#profile.saltBytes);
    const end = nonce.length;
    nonce.set(packet.subarray(8, 12), end - 10);
    nonce.writeUInt32BE(rollover, end - 6);
    nonce.set(packet.subarray(2, 4), end - 2);
    return xor(nonce, this.#rtp.salt);
  }

  #rtcpNonce(packet: Buffer, index: number): Buffer {
    const nonce = Buffer.alloc(this.#profile.saltBytes);
    const end = nonce.length;
    nonce.set(packet.subarray(4, 8), end - 10);
    nonce.writeUInt32BE(index, end - 4);
    return xor(nonce, this.#rtcp.salt);
  }

  #rtpTag(text: Buffer, rollover: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(rollover);
    const tag = createHmac('sha1', this.#rtp.auth).update(text).update(counter).digest();
    return tag.subarray(0, this.#profile.rtpTagBytes);
  }

  #rtcpTag(text: Buffer): Buffer {
    const tag = createHmac('sha1', this.#rtcp.auth).update(text).digest();
    return tag.subarray(0, this.#profile.rtcpTagBytes);
  }

  #seal(keys: SessionKeys, nonce: Buffer, associated: Buffer, text: Buffer): Buffer {
    const cipher = createCipheriv(gcm(keys), keys.cipher, nonce).setAAD(associated);
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }

  #open(keys: SessionKeys, nonce: Buffer, associated: Buffer, sealed: Buffer): Buffer {
    const tagStart = sealed.length - this.#profile.rtpTagBytes;
    const decipher = createDecipheriv(gcm(keys), keys.cipher, nonce).setAAD(associated);
    decipher.setAuthTag(sealed.subarray(tagStart));
    return Buffer.concat([decipher.update(sealed.subarray(0, tagStart)), decipher.final()]);
  }
}

/** RFC 3711 section 4.3; RFC 7714 section 11 fills a 12-byte salt up with zeros. */
function deriveKeys(profile: Profile, master: Buffer, firstLabel: 0 | 3): SessionKeys {
  const key = master.subarray(0, profile.keyBytes);
  const derive = (label: number, bytes: number): Buffer => {
    const counter = Buffer.alloc(16);
    counter.set(master.subarray(profile.keyBytes));
    counter[7]! ^= label;
    return createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(Buffer.alloc(bytes));
  };
  return {
    cipher: derive(firstLabel, profile.keyBytes),
    auth: derive(firstLabel + 1, 20),
    salt: derive(firstLabel + 2, profile.saltBytes),
  };
}

function counterMode(keys: SessionKeys, nonce: Buffer, text: Buffer): Buffer {
  const counter = Buffer.concat([nonce, Buffer.alloc(2)]);
  return createCipheriv('aes-128-ctr', keys.cipher, counter).update(text);
}

function gcm({ cipher }: SessionKeys): 'aes-128-gcm' | 'aes-256-gcm' {
  return cipher.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
}

function expectTag(actual: Buffer, expected: Buffer): void {
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new Error('the authentication tag is wrong');
  }
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}

/** Fixed part, contributing sources and extension (RFC 3550 section 5.1). */
export function rtpHeaderBytes(packet: Buffer): number {
  const fixed = 12 + 4 * (packet[0]! & 0x0f);
  return packet[0]! & 0x10 ? fixed + 4 + 4 * packet.readUInt16BE(fixed + 2) : fixed;
}
