// Sender reports out of RTCP (RFC 3550 §6.4.1): which wall-clock time a sender gives to which RTP timestamp.

export interface SenderReport {
  ssrc: number;
  /** UTC milliseconds, with fractions. */
  ntpMs: number;
  /** 32 bits, in units of the clock rate. */
  rtpTimestamp: number;
}

const SENDER_REPORT = 200;
/** Header, SSRC, NTP time, RTP timestamp and the sender's counts. */
const SENDER_REPORT_BYTES = 28;
/** From the beginning of NTP's era 0, the year 1900, to 1970. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;

/** The sender reports of a compound packet, up to where it cannot be read. */
export function senderReports(datagram: Buffer): SenderReport[] {
  const found: SenderReport[] = [];
  for (let at = 0; at + 4 <= datagram.length; ) {
    const bytes = 4 + 4 * datagram.readUInt16BE(at + 2);
    if (datagram.readUInt8(at) >> 6 !== 2 || at + bytes > datagram.length) break;
    if (datagram.readUInt8(at + 1) === SENDER_REPORT && bytes >= SENDER_REPORT_BYTES) {
      found.push({
        ssrc: datagram.readUInt32BE(at + 4),
        ntpMs: unixMs(datagram.readUInt32BE(at + 8), datagram.readUInt32BE(at + 12)),
        rtpTimestamp: datagram.readUInt32BE(at + 16),
      });
    }
    at += bytes;
  }
  return found;
}

/** Seconds without their highest bit belong to the era that begins in 2036 (RFC 4330 §3). */
function unixMs(seconds: number, fraction: number): number {
  const era = seconds < ERA_SECONDS / 2 ? ERA_SECONDS : 0;
  return (seconds + era - NTP_TO_UNIX_SECONDS) * 1_000 + (fraction / ERA_SECONDS) * 1_000;
}
