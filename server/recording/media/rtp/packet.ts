// RTP packets (RFC 3550 §5, RFC 8285), read from datagrams without copying them.

export interface RtpPacket {
  marker: boolean;
  payloadType: number;
  sequence: number;
  /** 32 bits, in units of the clock rate. */
  timestamp: number;
  ssrc: number;
  /** A view of the datagram, without padding. It may be empty. */
  payload: Buffer;
  /** The whole datagram, which the payload keeps in memory. Bytes. */
  bytes: number;
}

const FIXED_HEADER = 12;
/** In RFC 5761 §4 these second bytes are RTCP: payload types 64 to 95 are not used with RTP. */
const RTCP_TYPES = { first: 192, last: 223 };

/** Whether a datagram is RTCP and not RTP, where both share a port (RFC 5761 §4). */
export function isRtcp(datagram: Buffer): boolean {
  const type = datagram[1] ?? 0;
  return type >= RTCP_TYPES.first && type <= RTCP_TYPES.last;
}

/** @returns undefined for what is not an RTP packet: another version, or lengths that do not fit */
export function parseRtp(datagram: Buffer): RtpPacket | undefined {
  if (datagram.length < FIXED_HEADER) return undefined;
  const flags = datagram.readUInt8(0);
  if (flags >> 6 !== 2 || isRtcp(datagram)) return undefined;
  let start = FIXED_HEADER + 4 * (flags & 0x0f);
  if ((flags & 0x10) !== 0) {
    if (start + 4 > datagram.length) return undefined;
    start += 4 + 4 * datagram.readUInt16BE(start + 2);
  }
  let end = datagram.length;
  if ((flags & 0x20) !== 0) {
    const padding = datagram.readUInt8(end - 1);
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  const second = datagram.readUInt8(1);
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, end),
    bytes: datagram.length,
  };
}
