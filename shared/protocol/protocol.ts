// The protocol between a client and `web`: every request, reply and event, as schemas.
// docs/protocol.md describes it in prose; a test holds the two together.
import * as v from 'valibot';
import {
  DtlsParameters,
  IceParameters,
  IceServer,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
} from '../media/rtp.ts';
import { RoomPatch } from '../room/operations.ts';
import {
  ChatText,
  ClientId,
  DisplayName,
  ParticipantId,
  RoomName,
  RoomSnapshot,
  Timestamp,
  TrackSource,
  Version,
} from '../room/room.ts';
import { CHECK_METHODS } from './check-messages.ts';
import { Consumer, PackedConsumers } from './consumers.ts';
import { Features, Rejoin, ResumeResult } from './entry-messages.ts';
import { LIMITS } from './limits.ts';
import {
  ChosenVoices,
  CodecNames,
  Demand,
  Direction,
  Epoch,
  Layer,
  MediaOffer,
  PathReport,
  Preference,
  Speech,
  Take,
  TurnRefusal,
} from './media-messages.ts';
import { OfPrepared, PREPARE_METHODS, PreparedOffer, Token } from './prepare-messages.ts';
import { OfRecording, RECORDING_METHODS } from './recording-messages.ts';
import {
  ParticipantsParams,
  ParticipantsResult,
  RoomSize,
  RosterChange,
} from './roster-messages.ts';
import type { EventData, Params, Result } from './rpc.ts';
import { ErrorBody } from './rpc.ts';

/**
 * The value of `Sec-WebSocket-Protocol`. It rises with each change that an older client or server cannot
 * ignore.
 */
export const SUBPROTOCOL = 'parley.v1';
/** The WebSocket's path below the server's origin. */
export const SIGNALING_PATH = '/signaling';

/** Why the server closed a WebSocket, in the private range of RFC 6455 §7.4.2. */
export const CLOSE_CODES = {
  /** Reconnect at once, elsewhere: this replica is going away. */
  goingAway: 1001,
  /** The session is over; its last `bye` event gave the reason. Do not reconnect. */
  sessionEnded: 4000,
  /** The frame was larger than the server reads, or too many were sent. Reconnecting is allowed. */
  abuse: 4001,
} as const;

const Empty = v.object({});
const Preferences = v.pipe(
  v.record(ClientId, Preference),
  v.check((record) => Object.keys(record).length <= LIMITS.tracksPerMessage, 'too many tracks'),
);

const JoinResult = v.object({
  participantId: ParticipantId,
  /** Proves on a later connection that this session is ours. Secret. */
  resumeSecret: v.string(),
  /** How long the server keeps the session after its socket is gone. Milliseconds. */
  gracePeriodMs: v.number(),
  snapshot: RoomSnapshot,
  media: MediaOffer,
  /** Absent where rooms are open. */
  rejoin: v.exactOptional(Rejoin),
  ...OfRecording,
});
export type JoinResult = v.InferOutput<typeof JoinResult>;

export const FEATURES = [
  'patches',
  'packed',
  'deflate',
  'takes',
  'roster',
  'demand',
  'recording',
] as const;
export type Feature = (typeof FEATURES)[number];

/** The requests of a client. All but `join` are idempotent: repeating one after a loss is safe. */
export const METHODS = {
  join: {
    params: v.object({
      room: RoomName,
      name: DisplayName,
      token: Token,
      /** From an earlier session in this room: good where `token` has ended since. */
      rejoinToken: Token,
      rtpCapabilities: RtpCapabilities,
      features: Features,
      ...OfPrepared,
    }),
    result: JoinResult,
  },
  resume: {
    params: v.object({
      room: RoomName,
      participantId: ParticipantId,
      resumeSecret: v.pipe(v.string(), v.maxLength(128)),
      /** The room version that the client has. */
      version: Version,
      /** For a new media session, should the old one be gone. */
      rtpCapabilities: RtpCapabilities,
      features: Features,
    }),
    result: ResumeResult,
  },
  ...PREPARE_METHODS,
  ...CHECK_METHODS,
  /** A new rejoin token, before the one we have ends. */
  renewRejoin: { params: Empty, result: v.object({ rejoin: v.exactOptional(Rejoin) }) },
  leave: { params: Empty, result: Empty },
  /**
   * Also how a client notices a dead server: no reply in time means reconnect. In a large room the reply has its
   * size, for clients with the feature `roster`.
   */
  ping: { params: Empty, result: RoomSize },
  connect: {
    params: v.object({ epoch: Epoch, direction: Direction, dtlsParameters: DtlsParameters }),
    result: Empty,
  },
  restartIce: {
    params: v.object({ epoch: Epoch, direction: Direction }),
    result: v.object({
      iceParameters: IceParameters,
      iceServers: v.array(IceServer),
      iceServersExpireAt: v.nullable(Timestamp),
    }),
  },
  /** How a transport's packets travel now, and which relays refused. Sent whenever it changes. */
  path: {
    params: v.object({
      epoch: Epoch,
      direction: Direction,
      path: PathReport,
      refusals: v.pipe(v.array(TurnRefusal), v.maxLength(LIMITS.refusalsPerReport)),
    }),
    result: Empty,
  },
  /** New transports in place of ones that ICE restarts could not mend; a `media` event has them. */
  rebuildMedia: { params: v.object({ epoch: Epoch }), result: Empty },
  publish: {
    params: v.object({
      epoch: Epoch,
      trackId: ClientId,
      kind: MediaKind,
      source: TrackSource,
      muted: v.boolean(),
      rtpParameters: RtpParameters,
      /** Absent: 0. A higher one than before is another producer of the track, which replaces the one before. */
      take: v.exactOptional(Take),
    }),
    /** The take that is published now. Servers that know no takes do not answer it. */
    result: v.object({ take: v.exactOptional(Take) }),
  },
  unpublish: { params: v.object({ trackId: ClientId }), result: Empty },
  mute: { params: v.object({ trackId: ClientId, muted: v.boolean() }), result: Empty },
  speaking: { params: Speech, result: Empty },
  /** Replaces the preferences for the tracks named. Other tracks keep theirs. */
  subscribe: {
    params: v.object({
      preferences: Preferences,
      /**
       * What becomes of pictures that were never named. `chosen`, as long as a client says nothing else: the
       * server sends a few. `hidden`: where there are more than a few, none of them.
       */
      others: v.exactOptional(v.picklist(['chosen', 'hidden'])),
    }),
    result: Empty,
  },
  /** The client can decode these now: start sending them, from a key frame. */
  ready: {
    params: v.object({
      epoch: Epoch,
      consumerIds: v.pipe(
        v.array(v.pipe(v.string(), v.maxLength(LIMITS.consumerIdLength))),
        v.maxLength(LIMITS.tracksPerMessage),
      ),
    }),
    result: Empty,
  },
  /** This media session carries everything now: the ones before it can go. */
  settled: { params: v.object({ epoch: Epoch }), result: Empty },
  chat: { params: v.object({ id: ClientId, text: ChatText }), result: Empty },
  /** Asks for the room as it is, after a gap in the patches. */
  snapshot: { params: Empty, result: RoomSnapshot },
  /**
   * A page of the participants, in the order in which they came. The client is kept up to date about those on the
   * last four pages that it asked for.
   */
  participants: { params: ParticipantsParams, result: ParticipantsResult },
  ...RECORDING_METHODS,
  /** A host mutes a track of another participant, who may unmute it again. */
  muteOther: { params: v.object({ trackId: ClientId }), result: Empty },
  /** A host ends another participant's session. */
  remove: { params: v.object({ participantId: ParticipantId }), result: Empty },
} as const;
export type Methods = typeof METHODS;
export type MethodName = keyof Methods;
export type MethodParams<K extends MethodName> = Params<Methods, K>;
export type MethodResult<K extends MethodName> = Result<Methods, K>;

/** The messages that the server sends unasked. */
export const EVENTS = {
  patch: RoomPatch,
  /** Several at once, in order, to clients with the feature of this name: large rooms change all the time. */
  patches: v.object({ patches: v.array(RoomPatch) }),
  /** The transports of a join that may follow. They carry nothing until then. */
  prepared: PreparedOffer,
  /** Changes of the part of a large room that the client knows, to clients with the feature of this name. */
  roster: RosterChange,
  /** The room from now on, in place of what the client knows of it: it became a large one, or a small one again. */
  room: v.object({ snapshot: RoomSnapshot }),
  /** Tracks that the media server began to send. */
  consumers: v.object({
    epoch: Epoch,
    consumers: v.array(Consumer),
    packed: v.exactOptional(PackedConsumers),
  }),
  /** Tracks that it no longer sends. */
  consumersClosed: v.object({ epoch: Epoch, consumerIds: v.array(v.string()) }),
  /** The layer that arrives of a track; null when the network has no room for any. */
  layers: v.object({ trackId: ClientId, spatialLayer: v.nullable(Layer) }),
  /**
   * A participant who should receive this track of ours cannot decode it, for clients with the feature `takes`.
   * Repeated while it is so.
   */
  undecodable: v.object({
    trackId: ClientId,
    /** Video codecs that the participant can decode. */
    codecs: CodecNames,
  }),
  /** What is received of the client's tracks on this media session, to clients with the feature of this name. */
  demand: v.object({ epoch: Epoch, ...Demand.entries }),
  /** The current speakers, loudest first. Volume in dBov, -127 (silence) to 0. */
  speakers: v.object({
    speakers: v.array(v.object({ participantId: ParticipantId, volume: v.number() })),
  }),
  voices: ChosenVoices,
  heard: Speech,
  /**
   * The media session to use from now on, on another worker or replica. The earlier one may carry media until
   * the client sends `settled`. With the client's current epoch it is the same session as the server sees it:
   * differences were lost on the way.
   */
  media: MediaOffer,
  /** The servers for ICE from now on: credentials were renewed, or the TURN servers changed. */
  iceServers: v.object({
    iceServers: v.array(IceServer),
    iceServersExpireAt: v.nullable(Timestamp),
    /** The servers of before are going away: a path through one of them should restart ICE now. */
    move: v.exactOptional(v.boolean()),
  }),
  /**
   * The media server's end of a transport carries nothing any more, though ICE may stay connected. A client that
   * did not close its own end asks for another media session.
   */
  transportEnded: v.object({ epoch: Epoch, direction: Direction }),
  /** The last event on a connection. With `reconnect` the client comes back, here or elsewhere. */
  bye: v.object({ error: ErrorBody, reconnect: v.boolean() }),
} as const;
export type Events = typeof EVENTS;
export type EventName = keyof Events;
export type EventPayload<K extends EventName> = EventData<Events, K>;

/** An event as the text that goes over the wire. */
export function eventFrame<K extends EventName>(event: K, data: EventPayload<K>): string {
  return JSON.stringify({ event, data });
}
