// What every process shares: rooms, nodes and a bus. One interface; memory and Redis implement it.
import * as v from 'valibot';
import type { Participant, RoomOp, RoomPatch, RoomSnapshot } from '../../shared/room.ts';

/** Ends what it was returned for. Idempotent. */
export interface Closer {
  close(): Promise<void>;
}

export interface Cluster {
  readonly rooms: RoomStore;
  readonly nodes: NodeRegistry;
  readonly bus: Bus;
  /** Ends this process's part: subscriptions, served nodes, connections. */
  close(): Promise<void>;
}

/** Who speaks for a participant. A commit with an older fence than the store's is refused. */
export interface SessionGuard {
  readonly participantId: string;
  /** Rises by one with every claim of the session. */
  readonly fence: number;
}

export interface Admission {
  participant: Participant;
  /** SHA-256 of the session's resume secret, base64url. */
  resumeHash: string;
  maxParticipants: number;
}

/** Where a room's media is. `epoch` rises with every change, so that two movers cannot both win. */
export interface Placement {
  nodeId: string;
  epoch: number;
}

export interface CommitLimits {
  tracksPerParticipant: number;
}

/**
 * Rooms with their rosters, tracks, chat and sessions. Every method is one atomic operation. A room
 * exists from its first admission until its last participant is released.
 */
export interface RoomStore {
  /**
   * Adds a participant and opens its session with fence 1.
   * @throws ParleyError `room_full`
   */
  admit(room: string, admission: Admission): Promise<{ snapshot: RoomSnapshot }>;
  /**
   * Takes a session over: whoever held it before cannot commit any more.
   * @throws ParleyError `session_lost` when there is none, or the hash is another
   */
  claim(room: string, participantId: string, resumeHash: string): Promise<SessionGuard>;
  /**
   * Applies operations, all or none, and publishes them as one patch.
   * @throws ParleyError `session_replaced` (old fence), `session_lost` (no such session),
   *   `id_taken`, `unknown_track`, `unknown_participant`, `too_many_tracks`, `forbidden`
   */
  commit(
    room: string,
    guard: SessionGuard,
    ops: readonly RoomOp[],
    limits: CommitLimits,
  ): Promise<RoomPatch>;
  /**
   * Ends the session and removes its participant; the last one takes the room along. Idempotent.
   * @returns false when there was nothing to end: it was taken over, or is over already
   */
  release(room: string, guard: SessionGuard): Promise<boolean>;
  /** @returns undefined when there is no such room */
  snapshot(room: string): Promise<RoomSnapshot | undefined>;
  /** @returns the patches after `version`, or undefined when they are no longer all kept */
  patchesSince(room: string, version: number): Promise<RoomPatch[] | undefined>;
  /** Patches in order, from the next one on. */
  subscribe(room: string, listener: (patch: RoomPatch) => void): Promise<Closer>;
  /**
   * Places a room, if nobody placed it since `expected` was read.
   * @returns the placement that holds now: the proposed one, or the one that was there first
   */
  place(room: string, nodeId: string, expected: Placement | undefined): Promise<Placement>;
  placement(room: string): Promise<Placement | undefined>;
}

/** An `sfu-rtc` replica as others see it. */
export const NodeInfo = v.object({
  id: v.string(),
  /** How it is reached from outside, for operators. */
  addresses: v.array(v.string()),
  /** Media sessions it holds. */
  sessions: v.number(),
  workers: v.number(),
  draining: v.boolean(),
});
export type NodeInfo = v.InferOutput<typeof NodeInfo>;

export interface NodeAnnouncement extends Closer {
  update(info: NodeInfo): Promise<void>;
}

export interface NodeRegistry {
  announce(info: NodeInfo): Promise<NodeAnnouncement>;
  list(): Promise<NodeInfo[]>;
}

export type CommandHandler = (command: string, params: unknown) => Promise<unknown>;

/** JSON messages between processes. Whoever receives one parses it with a schema. */
export interface Bus {
  /**
   * @throws ParleyError `timeout`; `no_capacity` when nobody serves the node; or the handler's error
   */
  request(
    nodeId: string,
    command: string,
    params: unknown,
    options: { timeoutMs: number },
  ): Promise<unknown>;
  serve(nodeId: string, handler: CommandHandler): Promise<Closer>;
  /** To every subscriber of the topic, in the order of publication from one process. */
  publish(topic: string, message: unknown): Promise<void>;
  subscribe(topic: string, listener: (message: unknown) => void): Promise<Closer>;
}
