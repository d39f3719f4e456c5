// What a client and `web` say of a join that may follow: its transports, opened and connected before.
import * as v from 'valibot';
import { DtlsParameters, IceServer, RtpCapabilities, RtpParameters } from '../media/rtp.ts';
import { RoomName } from '../room/room.ts';
import { LIMITS } from './limits.ts';
import { CodecNames, Direction, Epoch, TransportDescription } from './media-messages.ts';

/** A room token. */
export const Token = v.exactOptional(v.pipe(v.string(), v.maxLength(LIMITS.tokenLength)));

/** Random, made by the server: it names the prepared media session of one socket. */
export const PreparedId = v.pipe(v.string(), v.maxLength(LIMITS.preparedIdLength));

/** What a join says of what was prepared for it. */
export const OfPrepared = {
  /** The media session that this socket has prepared. One that is gone costs nothing: another is opened. */
  prepared: v.exactOptional(PreparedId),
};

/**
 * A picture that the join may bring: its consumer, paused until then. The join's answer has it like any other, with the
 * same `consumerId`, or does not have it: then it has ended.
 */
export const PictureAhead = v.object({ consumerId: v.string(), rtpParameters: RtpParameters });
export type PictureAhead = v.InferOutput<typeof PictureAhead>;

/** The transports of a join that may follow. */
export const PreparedOffer = v.object({
  id: PreparedId,
  epoch: Epoch,
  send: TransportDescription,
  recv: TransportDescription,
  iceServers: v.array(IceServer),
  /** How long the server keeps them for this socket. Milliseconds. */
  forMs: v.number(),
  /** As in {@link MediaOffer}. */
  videoCodecs: v.exactOptional(CodecNames),
  /** For clients that have said what they can receive. */
  picture: v.exactOptional(PictureAhead),
});

const Empty = v.object({});

export const PREPARE_METHODS = {
  /**
   * Opens the transports of a join that may follow on this socket, in place of those opened before. A
   * `prepared` event brings them, or nothing does: a join does not wait for it.
   */
  prepare: {
    params: v.object({
      room: RoomName,
      token: Token,
      /** As in a join. Without them there is no picture. */
      rtpCapabilities: v.exactOptional(RtpCapabilities),
    }),
    result: Empty,
  },
  prepareConnect: {
    params: v.object({ id: PreparedId, direction: Direction, dtlsParameters: DtlsParameters }),
    result: Empty,
  },
} as const;
