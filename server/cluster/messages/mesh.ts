// Messages between media nodes: which node holds which tracks of a room, and the pipes between them.
import * as v from 'valibot';
import { MediaKind, RtpParameters } from '../../../shared/media/rtp.ts';
import { Demand } from '../../../shared/protocol/media-messages.ts';
import type { Params, Result } from '../../../shared/protocol/rpc.ts';
import { ClientId, ParticipantId, RoomName, TrackSource } from '../../../shared/room/room.ts';

const Empty = v.object({});
const NodeId = v.string();
const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

/** A track, as the node describes it that its participant is connected to. */
export const MeshTrack = v.object({
  trackId: ClientId,
  participantId: ParticipantId,
  /** The media session it is sent on: of two producers of one track the higher one is newer. */
  epoch: v.number(),
  /** Orders the producers of one track on one media session: the higher one is newer. Absent: 0. */
  take: v.exactOptional(v.number()),
  producerId: v.string(),
  /** The router that has the producer; a room may have several on one node. */
  routerId: v.string(),
  kind: MediaKind,
  /** Older nodes do not say it. */
  source: v.exactOptional(TrackSource),
  paused: v.boolean(),
});
export type MeshTrack = v.InferOutput<typeof MeshTrack>;

/** The number of a node's state of a room. It rises with every change: what is older and arrives later is ignored. */
const Seq = v.number();

/**
 * All that a node has of a room: the answer to `meshState`, and published on {@link meshTopic} for nodes that it has
 * just met. While a node of an older release is in the room it is published with every change, and every two seconds.
 */
export const MeshState = v.object({
  nodeId: NodeId,
  seq: Seq,
  tracks: v.array(MeshTrack),
  /** The pipes it receives by: the other end closes those that are not named any more. */
  links: v.array(v.object({ linkId: v.string(), producerIds: v.array(v.string()) })),
  /** No participant of the room is on it any more. */
  gone: v.boolean(),
  /** The node reads {@link MeshNews}. Older releases do not say it, and need the whole state again and again. */
  readsNews: v.exactOptional(v.boolean()),
});
export type MeshState = v.InferOutput<typeof MeshState>;

/** What became different of a node's part of a room. */
export const MeshChange = v.object({
  kind: v.literal('change'),
  nodeId: NodeId,
  /** The state that it changes: a node that has another one asks for the whole state. */
  after: Seq,
  seq: Seq,
  /** New ones, and those that are different. */
  tracks: v.array(MeshTrack),
  /** Ids of producers that have ended. */
  removed: v.array(v.string()),
  /** Pipes with producers more or less, and new pipes. */
  links: v.array(
    v.object({ linkId: v.string(), added: v.array(v.string()), removed: v.array(v.string()) }),
  ),
  /** Ids of pipes that have ended. */
  ended: v.array(v.string()),
});
export type MeshChange = v.InferOutput<typeof MeshChange>;

/** Says every two seconds which state a node has: a node that has another one of it asks for the whole state. */
export const MeshDigest = v.object({
  kind: v.literal('digest'),
  nodeId: NodeId,
  seq: Seq,
  /** How many tracks and pipes it has. */
  tracks: v.number(),
  links: v.number(),
});
export type MeshDigest = v.InferOutput<typeof MeshDigest>;

/** What a node publishes on {@link meshNewsTopic} while all nodes of a room read it. */
export const MeshNews = v.variant('kind', [MeshChange, MeshDigest]);
export type MeshNews = v.InferOutput<typeof MeshNews>;

/** The participants of one node who speak now. The node publishes it on {@link voicesTopic} while anybody does. */
export const MeshVoices = v.object({
  nodeId: NodeId,
  /** Loudest first. Volume in dBov, -127 to 0. */
  volumes: v.array(v.object({ producerId: v.string(), volume: v.number() })),
});
export type MeshVoices = v.InferOutput<typeof MeshVoices>;

/** One end of a pipe. The keys are the sender's (RFC 4568 §6.1), made for this pipe alone. */
export const PipeEnd = v.object({
  ip: v.string(),
  port: Port,
  srtpParameters: v.object({
    cryptoSuite: v.picklist([
      'AEAD_AES_256_GCM',
      'AEAD_AES_128_GCM',
      'AES_CM_128_HMAC_SHA1_80',
      'AES_CM_128_HMAC_SHA1_32',
    ]),
    keyBase64: v.string(),
  }),
});
export type PipeEnd = v.InferOutput<typeof PipeEnd>;

const PipedTrack = v.object({
  producerId: v.string(),
  kind: MediaKind,
  rtpParameters: RtpParameters,
  paused: v.boolean(),
});
export type PipedTrack = v.InferOutput<typeof PipedTrack>;

/** Commands between nodes, on the bus. Each is idempotent. */
export const MESH_COMMANDS = {
  /** Asks which tracks of a room the node has. Participants of the room are on the asking node too. */
  meshState: {
    params: v.object({
      room: RoomName,
      from: NodeId,
      /** As in {@link MeshState}. */
      readsNews: v.exactOptional(v.boolean()),
    }),
    result: v.nullable(MeshState),
  },
  /** Send me these producers of one of your routers. The link is made if it is not there. */
  pipe: {
    params: v.object({
      room: RoomName,
      from: NodeId,
      linkId: v.string(),
      routerId: v.string(),
      end: PipeEnd,
      producerIds: v.array(v.string()),
    }),
    result: v.object({ end: PipeEnd, tracks: v.array(PipedTrack) }),
  },
  /**
   * What is received at the far end of a link. A track that nobody there receives is not sent until somebody does.
   * Older nodes do not say it, and get everything.
   */
  demand: {
    params: v.object({
      room: RoomName,
      linkId: v.string(),
      ...Demand.entries,
      /** By producer id. One that is not named is received whole. */
      layers: v.record(v.string(), Demand.entries.layers.value),
    }),
    result: Empty,
  },
  /**
   * A participant of the asking node begins to speak. Answered when those who are to hear it here receive it. Nodes
   * of an older release refuse it: they choose the voice when they hear of it on {@link voicesTopic}.
   */
  meshSpeaking: {
    params: v.object({ room: RoomName, producerId: v.string() }),
    result: Empty,
  },
  /** Send me these no longer; `null`: nothing at all over this link. */
  unpipe: {
    params: v.object({
      room: RoomName,
      linkId: v.string(),
      producerIds: v.nullable(v.array(v.string())),
    }),
    result: Empty,
  },
} as const;
export type MeshCommands = typeof MESH_COMMANDS;
export type MeshCommand = keyof MeshCommands;
export type MeshParams<K extends MeshCommand> = Params<MeshCommands, K>;
export type MeshResult<K extends MeshCommand> = Result<MeshCommands, K>;

export function voicesTopic(room: string): string {
  return `voices:{${room}}`;
}

export function meshTopic(room: string): string {
  return `mesh:{${room}}`;
}

export function meshNewsTopic(room: string): string {
  return `meshnews:{${room}}`;
}
