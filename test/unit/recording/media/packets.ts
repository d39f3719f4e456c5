// RTP packets made by hand: headers, sender reports, and payloads of each codec.
import { leb128, readLeb128 } from '../../../../server/recording/media/codecs/av1.ts';

export interface Header {
  sequence: number;
  timestamp: number;
  marker?: boolean;
  payloadType?: number;
  ssrc?: number;
}

export function rtp(header: Header, payload: Buffer): Buffer {
  const { sequence, timestamp, marker = false, payloadType = 96, ssrc = 4711 } = header;
  const packet = Buffer.alloc(12);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8((marker ? 0x80 : 0) | payloadType, 1);
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(((timestamp % 2 ** 32) + 2 ** 32) % 2 ** 32, 4);
  packet.writeUInt32BE(ssrc, 8);
  return Buffer.concat([packet, payload]);
}

/** A compound packet: a sender report, and an empty source description. */
export function senderReport(ntpMs: number, rtpTimestamp: number, ssrc = 4711): Buffer {
  const report = Buffer.alloc(36);
  report.writeUInt32BE(0x80c80006, 0);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE((Math.floor(ntpMs / 1_000) + 2_208_988_800) % 2 ** 32, 8);
  report.writeUInt32BE(Math.floor(((ntpMs / 1_000) % 1) * 2 ** 32), 12);
  report.writeUInt32BE(((rtpTimestamp % 2 ** 32) + 2 ** 32) % 2 ** 32, 16);
  report.writeUInt32BE(0x81ca0001, 28);
  return report;
}

/** A frame of VP8: frame tag, and of a key frame start code and size; then `body`. */
export function vp8Frame(key: false | { width: number; height: number }, body: Buffer): Buffer {
  if (!key) return Buffer.concat([Buffer.from([0x31, 0, 0]), body]);
  const head = Buffer.from([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0]);
  head.writeUInt16LE(key.width, 6);
  head.writeUInt16LE(key.height, 8);
  return Buffer.concat([head, body]);
}

/** Payloads of VP8, each with the shortest descriptor. */
export function vp8Payloads(frame: Buffer, bytes: number): Buffer[] {
  return pieces(frame, bytes).map((piece, index) =>
    Buffer.concat([Buffer.from([index === 0 ? 0x10 : 0x00]), piece]),
  );
}

/** Payloads of a frame of VP9 in a spatial layer, without picture ids. */
export function vp9Payloads(frame: Buffer, layer: number, bytes: number): Buffer[] {
  const parts = pieces(frame, bytes);
  return parts.map((piece, index) => {
    const flags = 0x20 | (index === 0 ? 0x08 : 0) | (index === parts.length - 1 ? 0x04 : 0);
    return Buffer.concat([Buffer.from([flags, (layer << 1) | (layer > 0 ? 1 : 0), 0]), piece]);
  });
}

export function pieces(buffer: Buffer, bytes: number): Buffer[] {
  const count = Math.max(1, Math.ceil(buffer.length / bytes));
  return Array.from({ length: count }, (_, index) =>
    buffer.subarray(index * bytes, (index + 1) * bytes),
  );
}

/** The OBUs of a temporal unit as files hold it, each without its size, and without delimiters. */
export function obusOf(unit: Buffer): Buffer[] {
  const obus: Buffer[] = [];
  for (let at = 0; at < unit.length; ) {
    const header = unit.readUInt8(at);
    const bytes = (header & 0x04) !== 0 ? 2 : 1;
    const size = readLeb128(unit, at + bytes)!;
    const head = Buffer.from(unit.subarray(at, at + bytes));
    head.writeUInt8(header & ~0x02, 0);
    const end = size.next + size.value;
    if (((header >> 3) & 0x0f) !== 2)
      obus.push(Buffer.concat([head, unit.subarray(size.next, end)]));
    at = end;
  }
  return obus;
}

/** Payloads of AV1: all OBUs with their lengths (W = 0), cut into packets anywhere. */
export function av1Payloads(obus: readonly Buffer[], bytes: number): Buffer[] {
  const payloads: Buffer[] = [];
  const isNew = obus.some((obu) => ((obu[0]! >> 3) & 0x0f) === 1);
  let packet: Buffer[] = [];
  let room = bytes;
  let continues = false;
  const end = (goesOn: boolean) => {
    const first = payloads.length === 0 && isNew ? 0x08 : 0;
    const header = (continues ? 0x80 : 0) | (goesOn ? 0x40 : 0) | first;
    payloads.push(Buffer.concat([Buffer.from([header]), ...packet]));
    packet = [];
    room = bytes;
    continues = goesOn;
  };
  for (const obu of obus) {
    for (let at = 0; at < obu.length; ) {
      const piece = obu.subarray(at, at + room);
      packet.push(leb128(piece.length), piece);
      room -= piece.length;
      at += piece.length;
      if (room === 0) end(at < obu.length);
    }
  }
  if (packet.length > 0) end(false);
  return payloads;
}

/** The frames of an IVF file. */
export function ivfFrames(file: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = file.readUInt16LE(6); at < file.length; ) {
    const size = file.readUInt32LE(at);
    frames.push(file.subarray(at + 12, at + 12 + size));
    at += 12 + size;
  }
  return frames;
}

/** Packets of frames, one after the other: the last payload of each has the marker. */
export function packetsOf(
  frames: readonly { payloads: readonly Buffer[]; timestamp: number }[],
  sequence = 0,
): Buffer[] {
  let next = sequence;
  return frames.flatMap(({ payloads, timestamp }) =>
    payloads.map((payload, index) =>
      rtp({ sequence: next++, timestamp, marker: index === payloads.length - 1 }, payload),
    ),
  );
}
