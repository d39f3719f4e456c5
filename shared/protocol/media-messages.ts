// The messages between a client and the media side: transports, consumers, preferences, paths.
import * as v from 'valibot';
import { DtlsParameters, IceCandidate, IceParameters, IceServer } from '../media/rtp.ts';
import { ClientId, Timestamp } from '../room/room.ts';
import { Consumer, PackedConsumers } from './consumers.ts';
import { LIMITS } from './limits.ts';

/** Identifies one media session of a participant. Messages for any other one are ignored. */
export const Epoch = v.pipe(v.number(), v.integer(), v.minValue(1));
/** `send`: client to server. `recv`: server to client. */
export const Direction = v.picklist(['send', 'recv']);
export type Direction = v.InferOutput<typeof Direction>;
export const Layer = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7));

/** No layer of a track is received by anybody. */
export const NO_LAYER = -1;
/** A track with fewer layers is received whole. */
export const EVERY_LAYER = 7;

/**
 * What is received of a client's own tracks. Each one replaces the one before; one of a lower version is older and
 * was late. Where a server says none, everything is received.
 */
export const Demand = v.object({
  version: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** By track id, the highest spatial layer that anybody receives. A track that is not named is received whole. */
  layers: v.record(
    ClientId,
    v.pipe(v.number(), v.integer(), v.minValue(NO_LAYER), v.maxValue(EVERY_LAYER)),
  ),
});
export type Demand = v.InferOutput<typeof Demand>;

export const TurnUrl = v.pipe(v.string(), v.maxLength(LIMITS.urlLength), v.regex(/^turns?:/));

/** One transport on the media server, in the form of mediasoup-client's `TransportOptions`. */
export const TransportDescription = v.object({
  id: v.string(),
  iceParameters: IceParameters,
  iceCandidates: v.array(IceCandidate),
  dtlsParameters: DtlsParameters,
});
export type TransportDescription = v.InferOutput<typeof TransportDescription>;

/** Codecs by name, as `VP8`. Releases to come may have others, which those who do not know them leave out. */
export const CodecNames = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,16}$/))),
  v.maxLength(LIMITS.videoCodecs),
);
/** Counts the producers of one track on one media session: a track whose codec changes has another one. */
export const Take = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LIMITS.takes));

/**
 * `all`: everybody in the room is heard. `chosen`: those who spoke last are. A participant who begins to speak says
 * so there, with `speaking`.
 */
export const VoicesHeard = v.picklist(['all', 'chosen']);
export type VoicesHeard = v.InferOutput<typeof VoicesHeard>;
/** The server says whose voices are heard from now on. */
export const ChosenVoices = v.object({ voices: VoicesHeard });
/**
 * A voice that begins, where voices are chosen. Of the client: its packets are best held back until `heard`. That is
 * the answer, a moment later: others receive the track now, or are not waited for.
 */
export const Speech = v.object({ epoch: Epoch, trackId: ClientId });

/** Everything a client needs to send and receive media. */
export const MediaOffer = v.object({
  epoch: Epoch,
  send: TransportDescription,
  recv: TransportDescription,
  consumers: v.array(Consumer),
  packed: v.exactOptional(PackedConsumers),
  iceServers: v.array(IceServer),
  /** When the credentials in `iceServers` end; new ones come in an `iceServers` event before. */
  iceServersExpireAt: v.nullable(Timestamp),
  /** Video codecs that the operator prefers, the first most. Absent: VP8. */
  videoCodecs: v.exactOptional(CodecNames),
  demand: v.exactOptional(Demand),
  /** Absent where the media node is of an older release. */
  voices: v.exactOptional(VoicesHeard),
});
export type MediaOffer = v.InferOutput<typeof MediaOffer>;

/** A client's preference for one track. Absent fields mean: playing, the best layers there are. */
export const Preference = v.object({
  paused: v.exactOptional(v.boolean()),
  spatialLayer: v.exactOptional(Layer),
  temporalLayer: v.exactOptional(Layer),
});
export type Preference = v.InferOutput<typeof Preference>;

/** How the packets of one transport travel, as its browser sees it. */
export const PathReport = v.object({
  /** `relay`: through a TURN server. `none`: no path is up. */
  kind: v.picklist(['direct', 'relay', 'none']),
  /** Protocol of the hop that leaves the client; null without a path. */
  protocol: v.nullable(v.picklist(['udp', 'tcp', 'tls'])),
  /** The TURN server that relays, where the browser reports it; null otherwise. */
  server: v.nullable(TurnUrl),
  /** Milliseconds; null while it is not measured. */
  roundTripMs: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(LIMITS.roundTripMs))),
});
export type PathReport = v.InferOutput<typeof PathReport>;

/** A TURN server that refused this client: an error code of STUN, or 701 when it did not answer. */
export const TurnRefusal = v.object({
  url: TurnUrl,
  code: v.pipe(v.number(), v.integer(), v.minValue(300), v.maxValue(799)),
});
export type TurnRefusal = v.InferOutput<typeof TurnRefusal>;
