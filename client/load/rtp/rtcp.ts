// RTCP (RFC 3550 §6, RFC 4585, RFC 5104): the reports that a light participant sends, and the requests it obeys.

const VERSION = 0x80;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const GENERIC_NACK = 1;
const PICTURE_LOSS = 1;
const FULL_INTRA_REQUEST = 4;
/** Seconds from 1900, where NTP begins, to 1970. */
const NTP_EPOCH_SECONDS = 2_208_988_800;
const TWO_32 = 2 ** 32;
/** The count of a report has five bits. */
export const MOST_BLOCKS = 31;
const BLOCK_BYTES = 24;

export interface SenderReport {
  ssrc: number;
  /** UTC milliseconds. */
  sentAtMs: number;
  /** The same moment in the codec's clock. */
  timestamp: number;
  packets: number;
  /** Payload alone. */
  bytes: number;
  cname: string;
}

/** A sender report and the source's name, as one compound packet. */
export function writeSenderReport(report: SenderReport): Buffer {
  const { ssrc, sentAtMs, timestamp, packets, bytes, cname } = report;
  const sender = Buffer.alloc(28);
  writeHead(sender, 0, SENDER_REPORT);
  sender.writeUInt32BE(ssrc, 4);
  const seconds = sentAtMs / 1000 + NTP_EPOCH_SECONDS;
  sender.writeUInt32BE(Math.floor(seconds) % TWO_32, 8);
  sender.writeUInt32BE(Math.floor((seconds % 1) * TWO_32), 12);
  sender.writeUInt32BE(timestamp, 16);
  sender.writeUInt32BE(packets % TWO_32, 20);
  sender.writeUInt32BE(bytes % TWO_32, 24);
  const name = Buffer.from(cname, 'latin1');
  // A null ends the list of items, and fills the last word.
  const source = Buffer.alloc(8 + Math.ceil((name.length + 3) / 4) * 4);
  writeHead(source, 1, SOURCE_DESCRIPTION);
  source.writeUInt32BE(ssrc, 4);
  source.set([1, name.length], 8);
  source.set(name, 10);
  return Buffer.concat([sender, source]);
}

export interface ReceptionBlock {
  ssrc: number;
  /** Since the report before, 0 to 1. */
  fractionLost: number;
  lost: number;
  /** Extended by the count of wraps. */
  highestSequence: number;
  /** From {@link readSenderReports}; 0 without one. */
  lastReport: number;
  /** Milliseconds since that arrived. */
  sinceLastReportMs: number;
}

/** At most {@link MOST_BLOCKS} blocks. */
export function writeReceiverReport(ssrc: number, blocks: readonly ReceptionBlock[]): Buffer {
  const report = Buffer.alloc(8 + blocks.length * BLOCK_BYTES);
  writeHead(report, blocks.length, RECEIVER_REPORT);
  report.writeUInt32BE(ssrc, 4);
  blocks.forEach((block, index) => {
    const at = 8 + index * BLOCK_BYTES;
    report.writeUInt32BE(block.ssrc, at);
    report[at + 4] = Math.min(255, Math.floor(block.fractionLost * 256));
    report.writeUIntBE(Math.min(0x7fffff, Math.max(0, block.lost)), at + 5, 3);
    report.writeUInt32BE(block.highestSequence % TWO_32, at + 8);
    report.writeUInt32BE(block.lastReport, at + 16);
    // In units of 1/65,536 of a second, and nothing without a report to count from.
    const since = block.lastReport === 0 ? 0 : Math.round(block.sinceLastReportMs * 65.536);
    report.writeUInt32BE(Math.min(since, TWO_32 - 1), at + 20);
  });
  return report;
}

/** The streams whose receivers ask for a key frame, by PLI or FIR. */
export function readKeyFrameRequests(compound: Buffer): number[] {
  return packetsOf(compound).flatMap(({ type, count, bytes }) => {
    if (type !== PAYLOAD_FEEDBACK) return [];
    if (count === PICTURE_LOSS && bytes.length >= 12) return [bytes.readUInt32BE(8)];
    if (count !== FULL_INTRA_REQUEST) return [];
    const entries = Math.max(0, Math.floor((bytes.length - 12) / 8));
    return Array.from({ length: entries }, (_, index) => bytes.readUInt32BE(12 + index * 8));
  });
}

/** The packets that a receiver lacks: its mask names up to 16 after each. */
export function readLostPackets(compound: Buffer): { ssrc: number; sequence: number }[] {
  return packetsOf(compound).flatMap(({ type, count, bytes }) => {
    if (type !== TRANSPORT_FEEDBACK || count !== GENERIC_NACK || bytes.length < 12) return [];
    const ssrc = bytes.readUInt32BE(8);
    const lost: { ssrc: number; sequence: number }[] = [];
    for (let at = 12; at + 4 <= bytes.length; at += 4) {
      const [first, mask] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
      for (let step = 0; step <= 16; step++) {
        const isLost = step === 0 || (mask >> (step - 1)) & 1;
        if (isLost) lost.push({ ssrc, sequence: (first + step) & 0xffff });
      }
    }
    return lost;
  });
}

/** For each sender report: its stream, and the middle of its time as receiver reports name it. */
export function readSenderReports(compound: Buffer): { ssrc: number; middle: number }[] {
  return packetsOf(compound).flatMap(({ type, bytes }) =>
    type === SENDER_REPORT && bytes.length >= 28
      ? [{ ssrc: bytes.readUInt32BE(4), middle: bytes.readUInt32BE(10) }]
      : [],
  );
}

/** The packets of a compound one; what is not whole is left out. */
function packetsOf(compound: Buffer): { type: number; count: number; bytes: Buffer }[] {
  const found: { type: number; count: number; bytes: Buffer }[] = [];
  for (let at = 0; at + 4 <= compound.length; ) {
    const end = at + (compound.readUInt16BE(at + 2) + 1) * 4;
    if (end > compound.length) break;
    const bytes = compound.subarray(at, end);
    found.push({ type: bytes[1] ?? 0, count: (bytes[0] ?? 0) & 0x1f, bytes });
    at = end;
  }
  return found;
}

function writeHead(packet: Buffer, count: number, type: number): void {
  packet[0] = VERSION | count;
  packet[1] = type;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
}
