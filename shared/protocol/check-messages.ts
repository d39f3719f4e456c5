// The messages of a network check: its paths to the media server, and the channels of each.
import * as v from 'valibot';
import { DtlsParameters, IceServer } from '../media/rtp.ts';
import { RoomName } from '../room/room.ts';
import { LIMITS } from './limits.ts';
import { TransportDescription, TurnUrl } from './media-messages.ts';
import { Token } from './prepare-messages.ts';

/** One path to the media server that a network check tries, with a transport of its own. */
export const CheckPath = v.object({
  id: v.string(),
  /** `udp` and `tcp`: straight to the server. `relay`: through one TURN server. */
  kind: v.picklist(['udp', 'tcp', 'relay']),
  /** The TURN server's; null for a straight one. */
  url: v.nullable(TurnUrl),
  transport: TransportDescription,
  sctp: v.object({ port: v.number(), maxMessageSize: v.number() }),
  /** For a relay: its URL, with credentials. */
  iceServers: v.array(IceServer),
});
export type CheckPath = v.InferOutput<typeof CheckPath>;

/**
 * The data channels of each {@link CheckPath}, negotiated out of band: the stream's id is the index. The server
 * sends every message back on its channel.
 */
export const CHECK_STREAMS = [
  // For bandwidth: all of it arrives.
  { ordered: true },
  // For round trips and loss: as media travels, without repetition.
  { ordered: false, maxRetransmits: 0 },
] as const;

const Empty = v.object({});

export const CHECK_METHODS = {
  /** Opens ways to the media server for a socket in no call, and closes those it opened before. */
  checkNetwork: {
    params: v.object({
      room: v.exactOptional(RoomName),
      token: Token,
    }),
    result: v.object({
      paths: v.pipe(v.array(CheckPath), v.maxLength(LIMITS.checkPaths)),
      /** How long the server keeps them open. Milliseconds. */
      forMs: v.number(),
    }),
  },
  checkConnect: {
    params: v.object({
      id: v.pipe(v.string(), v.maxLength(LIMITS.consumerIdLength)),
      dtlsParameters: DtlsParameters,
    }),
    result: Empty,
  },
  checkEnd: { params: Empty, result: Empty },
} as const;
