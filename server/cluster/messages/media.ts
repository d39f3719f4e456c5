// The seam between signalling and media, as schemas: commands of `web`, and events of media nodes.
import * as v from 'valibot';
import {
  DtlsParameters,
  IceParameters,
  IceServer,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
} from '../../../shared/media/rtp.ts';
import { Consumer } from '../../../shared/protocol/consumers.ts';
import {
  Demand,
  Direction,
  MediaOffer,
  Preference,
  Take,
} from '../../../shared/protocol/media-messages.ts';
import { EVENTS, METHODS } from '../../../shared/protocol/protocol.ts';
import type { EventData, Params, Result } from '../../../shared/protocol/rpc.ts';
import {
  ClientId,
  ParticipantId,
  RoomName,
  Timestamp,
  TrackSource,
  Version,
} from '../../../shared/room/room.ts';

const Empty = v.object({});
const Epoch = v.number();
const whose = { room: RoomName, participantId: ParticipantId };
/** The version of the room that says whether a track is muted; replicas of an older release name none. */
const MutedSince = v.optional(Version);
/**
 * The `web` replica that has the session: events of the participant go to its {@link replicaTopic}. Replicas of an
 * older release name none; events go to the room then.
 */
const Replica = v.exactOptional(v.string());
/** The client is told what is received of its tracks. One of an older release, or its replica, does not know it. */
const UnderstandsDemand = v.optional(v.boolean(), false);
const whichCheck = { checkId: v.string() };
const iceServers = {
  iceServers: v.array(IceServer),
  iceServersExpireAt: v.nullable(Timestamp),
};

/** A media session, and the part of the node (one router) that reports who speaks there. */
const Opened = v.object({ offer: MediaOffer, origin: v.string() });
export type Opened = v.InferOutput<typeof Opened>;

/** What a client looks at, without a limit of number: that is the protocol's. */
export const MediaView = v.object({
  preferences: v.record(ClientId, Preference),
  others: METHODS.subscribe.params.entries.others,
});
export type MediaView = v.InferOutput<typeof MediaView>;

/**
 * Commands of `web` to the node that holds a participant's media. A media session belongs to a
 * participant and has an epoch; a command for another epoch than the session's is refused with
 * `stale_epoch`.
 */
export const MEDIA_COMMANDS = {
  /** Opens a media session, in place of the participant's older one on this node if there is one. */
  open: {
    params: v.object({
      ...whose,
      /** The fence of the session's guard. With an older one nothing is opened. */
      fence: v.number(),
      rtpCapabilities: RtpCapabilities,
      /** The new session's epoch is higher than this, whatever the node's clock is. */
      after: Epoch,
      /** Other nodes that the room is on. */
      nodes: v.array(v.string()),
      replica: Replica,
      /** Prepared transports to take. Without them, others are made. */
      prepared: v.exactOptional(v.string()),
      demand: UnderstandsDemand,
      /** What the client looks at, where it has said so on a media session before. */
      view: v.exactOptional(MediaView),
    }),
    result: Opened,
  },
  /**
   * Opens the transports of a media session whose participant may join later. Nothing can be sent or received
   * on them before `open` names them. Refused with `no_capacity` when too many are open.
   */
  prepare: {
    params: v.object({
      ...whose,
      prepared: v.string(),
      rtpCapabilities: v.exactOptional(RtpCapabilities),
    }),
    result: v.omit(EVENTS.prepared, ['id', 'forMs']),
  },
  prepareConnect: {
    params: v.object({
      prepared: v.string(),
      direction: Direction,
      dtlsParameters: DtlsParameters,
    }),
    result: Empty,
  },
  /** The socket that prepared it is still open. Refused with `media_failed` when it is gone. */
  prepareKeep: { params: v.object({ prepared: v.string() }), result: Empty },
  prepareEnd: { params: v.object({ prepared: v.string() }), result: Empty },
  /** The session as it is, for a client that was away. Refused with `media_failed` if gone. */
  describe: {
    params: v.object({
      ...whose,
      /** The fence of a guard that was just claimed. The node opens nothing with an older one from now on. */
      fence: v.optional(v.number()),
      /** It counts with a fence alone. */
      replica: Replica,
      demand: UnderstandsDemand,
    }),
    result: Opened,
  },
  /** Whether the session of this epoch has a path, one way or the other, so that media may be on it. */
  carries: {
    params: v.object({ ...whose, epoch: Epoch }),
    result: v.object({ carries: v.boolean() }),
  },
  /** Ends the session of this epoch; `null`: whichever there is. */
  close: { params: v.object({ ...whose, epoch: v.nullable(Epoch) }), result: Empty },
  /** Take no new sessions; those there are will be moved away. */
  drain: { params: Empty, result: Empty },
  connect: {
    params: v.object({
      ...whose,
      epoch: Epoch,
      direction: Direction,
      dtlsParameters: DtlsParameters,
    }),
    result: Empty,
  },
  restartIce: {
    params: v.object({ ...whose, epoch: Epoch, direction: Direction }),
    result: v.object({ iceParameters: IceParameters, ...iceServers }),
  },
  iceServers: { params: v.object(whose), result: v.object(iceServers) },
  /** The client's report of its path. */
  path: { params: v.object({ ...whose, ...METHODS.path.params.entries }), result: Empty },
  publish: {
    params: v.object({
      ...whose,
      epoch: Epoch,
      trackId: ClientId,
      kind: MediaKind,
      source: v.exactOptional(TrackSource),
      muted: v.boolean(),
      version: MutedSince,
      rtpParameters: RtpParameters,
      take: v.exactOptional(Take),
    }),
    /** Nodes of an older release know no takes, and answer none. */
    result: v.object({ take: v.exactOptional(Take) }),
  },
  unpublish: { params: v.object({ ...whose, trackId: ClientId }), result: Empty },
  /** An older word than the node has is ignored: two replicas may say it in any order. */
  mute: {
    params: v.object({ ...whose, trackId: ClientId, muted: v.boolean(), version: MutedSince }),
    result: Empty,
  },
  subscribe: {
    params: v.object({ ...whose, ...MediaView.entries }),
    result: Empty,
  },
  /** The participant begins to speak. Answered at once; the event `heard` follows. */
  speaking: { params: v.object({ ...whose, epoch: Epoch, trackId: ClientId }), result: Empty },
  ready: {
    params: v.object({ ...whose, epoch: Epoch, consumerIds: v.array(v.string()) }),
    result: Empty,
  },
  /**
   * Opens what a network check needs, in place of what it had. `web` names the check, so that it can
   * end one whose answer was lost. Refused with `no_capacity` when too many are open.
   */
  checkOpen: { params: v.object(whichCheck), result: METHODS.checkNetwork.result },
  checkConnect: {
    params: v.object({ ...whichCheck, ...METHODS.checkConnect.params.entries }),
    result: Empty,
  },
  checkEnd: { params: v.object(whichCheck), result: Empty },
} as const;
export type MediaCommands = typeof MEDIA_COMMANDS;
export type MediaCommand = keyof MediaCommands;
export type MediaParams<K extends MediaCommand> = Params<MediaCommands, K>;
export type MediaResult<K extends MediaCommand> = Result<MediaCommands, K>;

/**
 * What the media side publishes: what concerns one session to the {@link replicaTopic} of the replica that has it,
 * the rest to the {@link mediaTopic} of the room.
 */
export const MEDIA_EVENTS = {
  consumers: v.object({
    participantId: ParticipantId,
    epoch: Epoch,
    consumers: v.array(Consumer),
  }),
  consumersClosed: v.object({
    participantId: ParticipantId,
    epoch: Epoch,
    consumerIds: v.array(v.string()),
  }),
  layers: v.object({
    participantId: ParticipantId,
    epoch: Epoch,
    trackId: ClientId,
    spatialLayer: v.nullable(v.number()),
  }),
  /** For the participant who sends the track: another one who should receive it cannot decode it. */
  undecodable: v.object({ participantId: ParticipantId, ...EVENTS.undecodable.entries }),
  /** What is received of the tracks that this participant sends. */
  demand: v.object({ participantId: ParticipantId, epoch: Epoch, ...Demand.entries }),
  /** Other TURN servers, or other credentials, than were given before. */
  iceServers: v.object({
    participantId: ParticipantId,
    epoch: Epoch,
    ...EVENTS.iceServers.entries,
  }),
  /** The DTLS of a transport failed or was closed: it carries nothing any more. */
  transportEnded: v.object({ participantId: ParticipantId, ...EVENTS.transportEnded.entries }),
  speakers: v.object({
    /** As in {@link Opened}: each router reports its own participants. */
    origin: v.string(),
    speakers: v.array(v.object({ participantId: ParticipantId, volume: v.number() })),
  }),
  /** The node says whose voices it sends its participants from now on. */
  voices: v.object({ origin: v.string(), ...EVENTS.voices.entries }),
  /** Those who are to hear this track receive it, or are not waited for. */
  heard: v.object({ participantId: ParticipantId, ...EVENTS.heard.entries }),
  /** The node was cut off: its events in the meantime were lost, so ask for the sessions. */
  missed: v.object({ nodeId: v.string() }),
  /** These media sessions are gone with their worker: open new ones. */
  lost: v.object({
    participants: v.array(v.object({ participantId: ParticipantId, epoch: Epoch })),
    reason: v.string(),
  }),
} as const;
export type MediaEvents = typeof MEDIA_EVENTS;
export type MediaEvent = keyof MediaEvents;
export type MediaEventData<K extends MediaEvent> = EventData<MediaEvents, K>;

export const MediaEnvelope = v.object({ event: v.string(), data: v.unknown() });

export const AddressedEnvelope = v.object({ room: RoomName, ...MediaEnvelope.entries });

export function replicaTopic(replica: string): string {
  return `web:{${replica}}`;
}

export function mediaTopic(room: string): string {
  return `media:{${room}}`;
}
