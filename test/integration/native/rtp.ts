// RTP and RTCP as bytes, and a UDP socket that remembers what came, for tests of the worker.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { types } from 'mediasoup';
import { until } from '../../support/process/until.ts';
import { rtpHeaderBytes } from './srtp-peer.ts';

export const LOOPBACK = '127.0.0.1';
export const VP8 = { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 } as const;
const PAYLOAD_TYPE = 96;

export const RTP_FEEDBACK = 205;
export const PAYLOAD_FEEDBACK = 206;
export const SENDER_REPORT = 200;
/** Both the format of a generic NACK and of a PLI (RFC 4585 section 6). */
const FORMAT_NACK = 1;
const FORMAT_PLI = 1;

/** What a sender of VP8 that answers NACKs and PLIs declares. */
export function vp8Parameters(ssrc: number): types.RtpParameters {
  return {
    codecs: [
      {
        mimeType: VP8.mimeType,
        clockRate: VP8.clockRate,
        payloadType: PAYLOAD_TYPE,
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
      },
    ],
    encodings: [{ ssrc }],
    rtcp: { cname: 'test' },
  };
}

/**
 * What a receiver declares that has no congestion control, so that no probes come between, and no
 * RTX, so that a lost packet is sent again as it was.
 */
export function plainCapabilities(router: types.Router): types.RtpCapabilities {
  const isAboutLoss = ({ type }: types.RtcpFeedback) => type === 'nack';
  const codecs = router.rtpCapabilities.codecs ?? [];
  return {
    codecs: codecs
      .filter(({ mimeType }) => !mimeType.endsWith('/rtx'))
      .map((codec) => ({ ...codec, rtcpFeedback: codec.rtcpFeedback?.filter(isAboutLoss) ?? [] })),
    headerExtensions: [],
  };
}

/** A VP8 packet that begins a key frame, so that no consumer waits for another one. */
export function rtp(ssrc: number, sequence: number, payloadBytes = 100): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = PAYLOAD_TYPE;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE((sequence * 3_000) >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  // RFC 7741: the start of a partition, then a frame header whose lowest bit 0 says "key frame".
  const start = Buffer.from([0x10, 0x00]);
  return Buffer.concat([header, start, randomBytes(payloadBytes)]);
}

/** The worker adds extensions of its own to the header. */
export const payloadOf = (packet: Buffer) => packet.subarray(rtpHeaderBytes(packet));
export const sequenceOf = (packet: Buffer) => packet.readUInt16BE(2);
export const ssrcOf = (packet: Buffer) => packet.readUInt32BE(8);

export function pli(mediaSsrc: number): Buffer {
  return feedback(PAYLOAD_FEEDBACK, FORMAT_PLI, mediaSsrc);
}

export function nack(mediaSsrc: number, sequence: number): Buffer {
  const item = Buffer.alloc(4);
  item.writeUInt16BE(sequence);
  return feedback(RTP_FEEDBACK, FORMAT_NACK, mediaSsrc, item);
}

function feedback(type: number, format: number, mediaSsrc: number, item = Buffer.alloc(0)): Buffer {
  const packet = Buffer.concat([Buffer.alloc(12), item]);
  packet[0] = 0x80 | format;
  packet[1] = type;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  packet.writeUInt32BE(1, 4);
  packet.writeUInt32BE(mediaSsrc, 8);
  return packet;
}

/** RFC 5761 section 4: which of the two a packet on a shared port is. */
export function isRtcp(packet: Buffer): boolean {
  const type = packet[1]!;
  return type >= 192 && type <= 223;
}

/** The types of the packets that a compound RTCP packet holds. */
export function rtcpTypes(compound: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 4 <= compound.length; at += 4 * (compound.readUInt16BE(at + 2) + 1)) {
    types.push(compound[at + 1]!);
  }
  return types;
}

export class UdpEndpoint {
  readonly received: Buffer[] = [];
  readonly #socket: Socket;
  readonly port: number;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (message) => this.received.push(message));
  }

  static async open(): Promise<UdpEndpoint> {
    const socket = createSocket('udp4');
    socket.bind(0, LOOPBACK);
    await once(socket, 'listening');
    return new UdpEndpoint(socket);
  }

  /** Calls `listener` with each packet and the port it came from. */
  onPacket(listener: (packet: Buffer, fromPort: number) => void): void {
    this.#socket.on('message', (packet, { port }) => listener(packet, port));
  }

  send(packet: Buffer, port: number): void {
    this.#socket.send(packet, port, LOOPBACK);
  }

  /** The first packet that `matches`, now or later. */
  async first(what: string, matches: (packet: Buffer) => boolean): Promise<Buffer> {
    return await until(what, () => {
      const packet = this.received.find(matches);
      assert.ok(packet, `${this.received.length} other packets came`);
      return packet;
    });
  }

  close(): void {
    this.#socket.close();
  }
}
