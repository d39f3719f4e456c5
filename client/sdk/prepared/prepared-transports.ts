// What a media session takes over from before the join: its transports, connected, and negotiated tracks.
import type { types } from 'mediasoup-client';
import type { VideoCodec } from '../../../shared/media/media.ts';
import type { DtlsParameters, IceServer, RtpParameters } from '../../../shared/media/rtp.ts';
import type { Direction } from '../../../shared/protocol/media-messages.ts';

/** A track that is negotiated and not sent. */
export interface PreparedTrack {
  /** The id that it will be published under. */
  readonly id: string;
  /** A picture's codec. */
  readonly codec: VideoCodec;
  readonly producer: types.Producer;
  readonly rtpParameters: RtpParameters;
}

export interface PreparedTransports {
  readonly send: types.Transport;
  readonly recv: types.Transport;
  readonly iceServers: readonly IceServer[];
  readonly dtls: Readonly<Partial<Record<Direction, DtlsParameters>>>;
  /** Directions whose connection the server has not confirmed. */
  readonly unconfirmed: ReadonlySet<Direction>;
  readonly tracks: readonly PreparedTrack[];
  /** Opened the receiving transport: a picture that the join may bring, or a video of which nothing comes. */
  readonly ahead: types.Consumer | undefined;
}
