// What every process shares: rooms, nodes and a bus. One interface; memory and Redis implement it.
import * as v from 'valibot';
import type { Committer, RoomOp, RoomPatch } from '../../shared/room/operations.ts';
import type { Participant, RoomRecording, RoomSnapshot } from '../../shared/room/room.ts';
import type { JobStore } from './jobs.ts';
import type { TurnStore } from './turn.ts';

/** Ends what it was returned for. Idempotent. */
export interface Closer {
  close(): Promise<void>;
}

export interface Cluster {
  readonly rooms: RoomStore;
  readonly nodes: NodeRegistry;
  readonly bus: Bus;
  readonly turn: TurnStore;
  readonly secrets: SecretStore;
  readonly jobs: JobStore;
  /** False while the store cannot be reached: operations fail with `unavailable` then. */
  readonly connected: boolean;
  /**
   * Called when the store is reachable again after it was not. What was published meanwhile was missed,
   * and the store itself may have lost its memory.
   */
  onReconnected(listener: () => void): Closer;
  /** Ends this process's part: subscriptions, served nodes, connections. */
  close(): Promise<void>;
}

/** Secrets that all processes share, each made once. */
export interface SecretStore {
  /**
   * @param candidate becomes the secret of this name where there is none yet, in one atomic step
   * @returns the secret of this name
   * @throws ParleyError `unavailable`
   */
  keep(name: string, candidate: string): Promise<string>;
}

/** The right to speak for a participant. A commit with an older fence than the store's is refused. */
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
  /** Ids of what was shown at the door, where the room has one. They contain no spaces. */
  door?: Door;
}

/** The version alone may be needed: the replica follows the room already, and each join would read all of it. */
export interface BriefAdmission extends Admission {
  brief: boolean;
}

/** The room with the participant in it. */
export interface Admitted {
  version: number;
  /** Undefined where it was not needed. */
  snapshot?: RoomSnapshot;
}

export interface Door {
  /** Refused once a participant was removed whom it let in, or whose own id it is. */
  shown: string | undefined;
  /** All that is refused once this participant is removed. */
  ends: readonly string[];
}

/** On which nodes a room is. It does not grow with the room. */
export interface Placement {
  /** Rises whenever the set of nodes in use changes, so that two movers cannot both win. */
  epoch: number;
  /** How many participants are on each node, by node id. */
  nodes: Readonly<Record<string, number>>;
}

/** What became of a wish to be placed. */
export interface Placed extends Placement {
  /** The participant's node. Undefined when there is none. */
  nodeId: string | undefined;
}

/** A session as the replica that holds it knows it: enough to put it back into an empty store. */
export interface HeldSession {
  guard: SessionGuard;
  resumeHash: string;
  nodeId: string | undefined;
}

/** What became of a session that a replica believed to hold. */
export type SessionState = 'held' | 'replaced' | 'removed' | 'gone';

export type CommitLimits = Omit<Committer, 'participantId'>;

/**
 * Rooms with their rosters, tracks, chat and sessions. Every method is one atomic operation. A room
 * exists from its first admission until its last participant is released.
 *
 * A session is held under a lease, which `admit`, `claim`, `renew` and `restore` begin anew: the
 * replica that holds it may be killed, and another one releases it when the lease has ended.
 *
 * Every method throws ParleyError `unavailable` when the store cannot be reached in time.
 */
export interface RoomStore {
  /**
   * Adds a participant and opens its session with fence 1.
   * @throws ParleyError `room_full`, `invitation_ended`
   */
  admit(room: string, admission: BriefAdmission): Promise<Admitted>;
  admit(room: string, admission: Admission): Promise<Required<Admitted>>;
  /**
   * Takes a session over: the former holder cannot commit any more.
   * @throws ParleyError `session_lost` when there is none, or the hash is another
   */
  claim(room: string, participantId: string, resumeHash: string): Promise<SessionGuard>;
  /**
   * Applies operations, all or none, and publishes them as one patch.
   * @throws ParleyError `session_replaced` (old fence), `session_lost` (no such session, or
   *   one that was put back without its claim: see `restore`), or the code of the first
   *   requirement of the operation table that is not met
   */
  commit(
    room: string,
    guard: SessionGuard,
    ops: readonly RoomOp[],
    limits: CommitLimits,
  ): Promise<RoomPatch>;
  /**
   * The same for an operator or an application, who is no participant and needs no grant.
   * @throws ParleyError `not_found` when there is no such room; or as `commit`
   */
  order(room: string, ops: readonly RoomOp[]): Promise<RoomPatch>;
  /**
   * Ends the session and removes its participant; the last one takes the room along. Idempotent.
   * @returns false when there was nothing to end: it was taken over, or is over already
   */
  release(room: string, guard: SessionGuard): Promise<boolean>;
  /**
   * Renews the leases of these sessions, and releases those of the room whose lease ran out.
   * @returns what each is now, by participant id: `gone` sessions may be put back with `restore`
   */
  renew(room: string, guards: readonly SessionGuard[]): Promise<Map<string, SessionState>>;
  /**
   * Puts back what a store that lost its memory should know: the room, if it is not there, and these
   * sessions with their participants and tracks, if they are not. The version jumps, so that every
   * client asks for a snapshot. What is there already is kept.
   * @param known the room as this replica knew it last
   * @returns what each session is now, by participant id; `removed`: a host ended it meanwhile
   */
  restore(
    known: RoomSnapshot,
    sessions: readonly HeldSession[],
  ): Promise<Map<string, SessionState>>;
  /**
   * Releases sessions whose lease ran out in rooms that no replica renews any more.
   * @returns how many
   */
  sweep(): Promise<number>;
  /** @returns undefined when there is no such room */
  snapshot(room: string): Promise<RoomSnapshot | undefined>;
  /** The room's recording, read without the rest of the room. @returns undefined when there is none */
  recording(room: string): Promise<RoomRecording | undefined>;
  /**
   * Reads the names of all rooms: for what is done now and then. One that began in the last second may be missing, and
   * one that is over may be among them.
   */
  names(): Promise<string[]>;
  /** @returns the patches after `version`, or undefined when they are no longer all kept */
  patchesSince(room: string, version: number): Promise<RoomPatch[] | undefined>;
  /**
   * Patches in order, from the next one on. After an outage those that were missed follow; if they
   * are no longer kept, an empty patch whose number shows the gap.
   */
  subscribe(room: string, listener: (patch: RoomPatch) => void): Promise<Closer>;
  /**
   * Places a participant's media on a node: on one that the room uses already, or on another one if
   * the placement still is the one that was read.
   * @param epoch of the placement that the choice was made from; 0 when there was none
   * @returns the placement that holds now; with another node for the participant, or none, when
   *   another replica was first: choose again
   * @throws ParleyError `session_lost` when the participant is not in the room
   */
  place(room: string, participantId: string, nodeId: string, epoch: number): Promise<Placed>;
  /** @returns undefined when there is no such room; epoch 0 when no participant was placed yet */
  placement(room: string): Promise<Placement | undefined>;
  /** @returns undefined when the participant is not in the room, or was not placed yet */
  nodeOf(room: string, participantId: string): Promise<string | undefined>;
  /**
   * Reads all of a room: for what is done now and then.
   * @returns the node of each participant who has one, by participant id; undefined when there is no such room
   */
  placements(room: string): Promise<Readonly<Record<string, string>> | undefined>;
}

/** An `sfu-rtc` replica as others see it. */
export const NodeInfo = v.object({
  id: v.string(),
  /** Its public hostname, where the platform gives it one. */
  hostname: v.nullable(v.string()),
  /** Addresses that it announces to browsers. */
  addresses: v.array(v.string()),
  /** UDP and TCP port of each worker. */
  ports: v.array(v.number()),
  region: v.nullable(v.string()),
  /** TURN servers of its own configuration, without secrets; the pool has all of them. */
  turn: v.array(v.string()),
  /** Media sessions it holds. */
  sessions: v.number(),
  rooms: v.number(),
  /** How many of each it takes. */
  maxSessions: v.number(),
  maxRooms: v.number(),
  workers: v.number(),
  draining: v.boolean(),
  /** Where other nodes reach it for pipes; null when it takes none. */
  pipe: v.nullable(v.object({ address: v.string(), probePort: v.number() })),
  /** Ids of the nodes that it reaches by UDP at the moment. */
  reaches: v.array(v.string()),
});
export type NodeInfo = v.InferOutput<typeof NodeInfo>;

export interface NodeAnnouncement extends Closer {
  /**
   * Whether the lease holds, by this process's own clock. A node without it may have been given up
   * by all others: it acts on nothing until it holds it again and has looked what is left to it.
   */
  readonly held: boolean;
  /** Publishes the node's new state, and renews the lease. Never rejects: a failed update is repeated. */
  update(info: NodeInfo): Promise<void>;
}

export interface NodeRegistry {
  /**
   * Registers a node under a lease that is renewed until `close`.
   * @param onRegained the lease had run out (the process stood still, or the store was away) and
   *   holds again: others may have moved this node's rooms meanwhile
   */
  announce(info: NodeInfo, onRegained: () => void): Promise<NodeAnnouncement>;
  /** Those whose lease holds and that listen for commands. */
  list(): Promise<NodeInfo[]>;
}

export type CommandHandler = (command: string, params: unknown) => Promise<unknown>;

/** JSON messages between processes. The receiver parses each with a schema. */
export interface Bus {
  /**
   * @throws ParleyError `timeout`; `no_capacity` when no process serves the node; or the handler's error
   */
  request(
    nodeId: string,
    command: string,
    params: unknown,
    options: { timeoutMs: number },
  ): Promise<unknown>;
  serve(nodeId: string, handler: CommandHandler): Promise<Closer>;
  /** Every subscriber of the topic gets it, in the order of publication from one process. */
  publish(topic: string, message: unknown): Promise<void>;
  subscribe(topic: string, listener: (message: unknown) => void): Promise<Closer>;
}
