// RTP packets (RFC 3550 §5.1) with one audio level in their header (RFC 6464): written and read.

const VERSION = 2;
const HEADER_BYTES = 12;
/** RFC 8285 §4.2: the profile of one-byte header extensions. */
const ONE_BYTE_PROFILE = 0xbede;
/** The extension's profile and length, one element of two bytes, and padding to whole words. */
const LEVEL_BYTES = 8;
/** RFC 5761 §4: the second byte of every RTCP packet is in this range, and of no RTP packet. */
const RTCP_TYPES = { from: 192, to: 223 };

export interface AudioLevel {
  /** The negotiated id of the header extension, 1 to 14. */
  id: number;
  /** Below full scale, in dB: 0 is loudest, 127 is silence. */
  belowFullScale: number;
  voice: boolean;
}

export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  /** 16 bits. */
  sequence: number;
  /** 32 bits, in units of the codec's clock. */
  timestamp: number;
  ssrc: number;
  payload: Uint8Array;
}

export function writeRtp(packet: RtpPacket, level?: AudioLevel): Buffer {
  const start = HEADER_BYTES + (level ? LEVEL_BYTES : 0);
  const bytes = Buffer.alloc(start + packet.payload.length);
  bytes[0] = (VERSION << 6) | (level ? 0x10 : 0);
  bytes[1] = (packet.marker ? 0x80 : 0) | packet.payloadType;
  bytes.writeUInt16BE(packet.sequence, 2);
  bytes.writeUInt32BE(packet.timestamp, 4);
  bytes.writeUInt32BE(packet.ssrc, 8);
  if (level) {
    bytes.writeUInt16BE(ONE_BYTE_PROFILE, 12);
    bytes.writeUInt16BE(1, 14);
    // The length of an element is written as one less than it is.
    bytes[16] = level.id << 4;
    bytes[17] = (level.voice ? 0x80 : 0) | level.belowFullScale;
  }
  bytes.set(packet.payload, start);
  return bytes;
}

/** @returns undefined for what is no RTP packet */
export function readRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < HEADER_BYTES || isRtcp(bytes)) return undefined;
  const [first = 0, second = 0] = bytes;
  if (first >> 6 !== VERSION) return undefined;
  let start = HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + bytes.readUInt16BE(start + 2) * 4;
  }
  const padding = first & 0x20 ? (bytes.at(-1) ?? 0) : 0;
  if (start + padding > bytes.length) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, bytes.length - padding),
  };
}

export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return type >= RTCP_TYPES.from && type <= RTCP_TYPES.to;
}
