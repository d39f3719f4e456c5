// Rooms in Redis: each operation is one script on the keys of one room.
import * as v from 'valibot';
import { ERROR_CODES, type ErrorCode, ParleyError } from '../../../../shared/errors.ts';
import {
  type Committer,
  OPERATIONS,
  OPERATOR,
  type OperationTable,
  patchSchema,
  type RoomOp,
  type RoomPatch,
} from '../../../../shared/room/operations.ts';
import type { RoomRecording, RoomSnapshot } from '../../../../shared/room/room.ts';
import { compile } from '../../../room/compile.ts';
import type {
  Admission,
  Admitted,
  BriefAdmission,
  Closer,
  CommitLimits,
  HeldSession,
  Placed,
  Placement,
  RoomStore,
  SessionGuard,
  SessionState,
} from '../../cluster.ts';
import { RESTORED_VERSION_JUMP } from '../../memory/rooms.ts';
import type { RedisConnection, RunOptions } from '../link/connection.ts';
import type { RedisScript, ScriptValues } from '../link/script.ts';
import type { RedisSubscriptions } from '../link/subscriptions.ts';
import { ROOM, type RoomArgument } from '../scripts.ts';
import {
  ExpireReply,
  NumberReply,
  outcomeOf,
  type PatchSchema,
  parsePlaced,
  parsePlacement,
  parsePlacements,
  parseRecording,
  parseSince,
  parseSnapshot,
  type Since,
  statesOf,
} from './codec.ts';
import { RoomFeed } from './feed.ts';
import type { RoomIndex } from './index.ts';
import { commitProgram, knownJson, storeProgram } from './program.ts';

export interface RedisRoomsOptions {
  connection: RedisConnection;
  subscriptions: RedisSubscriptions;
  index: RoomIndex;
  keyPrefix: string;
  chatHistory: number;
  patchHistory: number;
  sessionLeaseMs: number;
  /** What may happen in a room: the project's own table, unless a test adds to it. */
  operations?: OperationTable;
  /** Whether every living replica had the chance to renew its sessions. */
  maySweep(): boolean;
  onUnreadable(error: unknown, room: string): void;
  onListenerError(error: unknown): void;
}

/** May be sent again when the connection was lost before the answer. */
const REPEATABLE: RunOptions = { repeatable: true };

const leaveOf = (participantId: string): RoomOp => ({ op: 'leave', participantId });
/** How a participant leaves whom only the server of the store knows: see sessions.lua. */
const ANY = leaveOf('$id');
const LEAVE = { leave: storeProgram([ANY]), leaveOp: JSON.stringify(ANY) };

export class RedisRooms implements RoomStore {
  readonly #options: RedisRoomsOptions;
  readonly #common: Omit<ScriptValues<RoomArgument>, 'channel'>;
  readonly #operations: OperationTable;
  readonly #patchSchema: PatchSchema;
  readonly #feeds = new Set<RoomFeed>();

  constructor(options: RedisRoomsOptions) {
    this.#options = options;
    // One patch is kept at least: a subscriber that missed the last one must notice.
    const patchHistory = Math.max(1, options.patchHistory);
    const { sessionLeaseMs: leaseMs, chatHistory } = options;
    this.#common = { leaseMs, chatHistory, patchHistory };
    this.#operations = options.operations ?? OPERATIONS;
    // A table with more operations has patches of the same shape.
    this.#patchSchema = patchSchema(this.#operations) as v.GenericSchema as PatchSchema;
  }

  admit(room: string, admission: BriefAdmission): Promise<Admitted>;
  admit(room: string, admission: Admission): Promise<Required<Admitted>>;
  async admit(room: string, admission: Admission | BriefAdmission): Promise<Admitted> {
    const { participant, resumeHash, maxParticipants, door } = admission;
    const brief = 'brief' in admission && admission.brief;
    const ops: RoomOp[] = [{ op: 'join', participant }];
    this.#options.index.note(room);
    const reply = await this.#run(ROOM.admit, room, {
      id: participant.id,
      hash: resumeHash,
      max: maxParticipants,
      shown: door?.shown ?? '',
      ends: (door?.ends ?? []).join(' '),
      program: storeProgram(ops),
      ops: JSON.stringify(ops),
      brief,
    });
    if (brief) return { version: v.parse(NumberReply, accepted(reply))[1] };
    const snapshot = parseSnapshot(room, accepted(reply));
    return { version: snapshot.version, snapshot };
  }

  async claim(room: string, participantId: string, resumeHash: string): Promise<SessionGuard> {
    const reply = await this.#run(ROOM.claim, room, { id: participantId, hash: resumeHash });
    const [, fence] = v.parse(NumberReply, accepted(reply));
    return { participantId, fence };
  }

  async commit(
    room: string,
    { participantId, fence }: SessionGuard,
    ops: readonly RoomOp[],
    limits: CommitLimits,
  ): Promise<RoomPatch> {
    return this.#commit(room, { participantId, ...limits }, fence, ops);
  }

  order(room: string, ops: readonly RoomOp[]): Promise<RoomPatch> {
    return this.#commit(room, OPERATOR, 0, ops);
  }

  async #commit(
    room: string,
    by: Committer,
    fence: number,
    ops: readonly RoomOp[],
  ): Promise<RoomPatch> {
    const text = JSON.stringify(ops);
    const reply = await this.#run(ROOM.commit, room, {
      me: by.participantId,
      fence,
      program: commitProgram(ops.map((op) => compile(op, by, this.#operations))),
      ops: text,
    });
    const [, version] = v.parse(NumberReply, accepted(reply));
    return { version, ops: JSON.parse(text) };
  }

  async release(room: string, { participantId, fence }: SessionGuard): Promise<boolean> {
    const ops = [leaveOf(participantId)];
    const reply = await this.#run(ROOM.release, room, {
      id: participantId,
      fence,
      program: storeProgram(ops),
      ops: JSON.stringify(ops),
    });
    return v.parse(NumberReply, reply)[1] === 1;
  }

  async renew(room: string, guards: readonly SessionGuard[]): Promise<Map<string, SessionState>> {
    const { index, maySweep } = this.#options;
    if (guards.length > 0) index.note(room);
    const list = guards.map(({ participantId, fence }) => [participantId, String(fence)]);
    const values = { mayRelease: maySweep(), guards: JSON.stringify(list), ...LEAVE };
    const reply = await this.#run(ROOM.renew, room, values, REPEATABLE);
    return statesOf(guards, reply);
  }

  async restore(
    known: RoomSnapshot,
    sessions: readonly HeldSession[],
  ): Promise<Map<string, SessionState>> {
    this.#options.index.note(known.room);
    const values = { known: knownJson(known, sessions), versionJump: RESTORED_VERSION_JUMP };
    const reply = await this.#run(ROOM.restore, known.room, values, REPEATABLE);
    const guards = sessions.map(({ guard }) => guard);
    return statesOf(guards, reply);
  }

  async sweep(): Promise<number> {
    if (!this.#options.maySweep()) return 0;
    return this.#options.index.sweep(async (room) => {
      const reply = await this.#run(ROOM.expire, room, LEAVE);
      const [, released, remainingMs] = v.parse(ExpireReply, reply);
      return { released, remainingMs: remainingMs < 0 ? undefined : remainingMs };
    });
  }

  async snapshot(room: string): Promise<RoomSnapshot | undefined> {
    const reply = await this.#run(ROOM.snapshot, room, {}, REPEATABLE);
    return outcomeOf(reply) === 'none' ? undefined : parseSnapshot(room, reply);
  }

  async recording(room: string): Promise<RoomRecording | undefined> {
    return parseRecording(await this.#run(ROOM.recording, room, {}, REPEATABLE));
  }

  names(): Promise<string[]> {
    return this.#options.index.names();
  }

  async patchesSince(room: string, version: number): Promise<RoomPatch[] | undefined> {
    return (await this.#since(room, version))?.patches;
  }

  async subscribe(room: string, listener: (patch: RoomPatch) => void): Promise<Closer> {
    const { subscriptions, onUnreadable, onListenerError } = this.#options;
    const feed = new RoomFeed({
      schema: this.#patchSchema,
      since: (version) => this.#since(room, version),
      deliver(patch) {
        try {
          listener(patch);
        } catch (error) {
          onListenerError(error);
        }
      },
      onUnreadable: (error) => onUnreadable(error, room),
    });
    this.#feeds.add(feed);
    let subscription: Closer | undefined;
    const close = async () => {
      feed.close();
      this.#feeds.delete(feed);
      await subscription?.close();
    };
    try {
      subscription = await subscriptions.subscribe(this.#channel(room), feed);
      await feed.begin();
    } catch (error) {
      await close();
      throw error;
    }
    return { close };
  }

  /** Ends what is still subscribed, and notes nothing any more. */
  close(): void {
    for (const feed of this.#feeds) feed.close();
    this.#feeds.clear();
    this.#options.index.close();
  }

  async place(room: string, participantId: string, nodeId: string, epoch: number): Promise<Placed> {
    const values = { id: participantId, node: nodeId, epoch };
    const reply = await this.#run(ROOM.place, room, values, REPEATABLE);
    return parsePlaced(accepted(reply));
  }

  async placement(room: string): Promise<Placement | undefined> {
    const reply = await this.#run(ROOM.placement, room, {}, REPEATABLE);
    return outcomeOf(reply) === 'none' ? undefined : parsePlacement(reply);
  }

  async nodeOf(room: string, participantId: string): Promise<string | undefined> {
    return (await this.#placements(room, participantId))?.[participantId];
  }

  placements(room: string): Promise<Record<string, string> | undefined> {
    return this.#placements(room, '');
  }

  async #placements(room: string, id: string): Promise<Record<string, string> | undefined> {
    const reply = await this.#run(ROOM.placements, room, { id }, REPEATABLE);
    return outcomeOf(reply) === 'none' ? undefined : parsePlacements(reply);
  }

  async #since(room: string, version: number): Promise<Since | undefined> {
    const reply = await this.#run(ROOM.patchesSince, room, { version }, REPEATABLE);
    return parseSince(reply, this.#patchSchema);
  }

  #run<Argument extends string>(
    script: RedisScript<RoomArgument | Argument>,
    room: string,
    values: Omit<ScriptValues<Argument>, RoomArgument>,
    options?: RunOptions,
  ) {
    const { connection, keyPrefix } = this.#options;
    const keyOf = (key: string) => `${keyPrefix}:{${room}}:${key}`;
    const all = { channel: this.#channel(room), ...this.#common, ...values };
    return connection.script(script, keyOf, all as ScriptValues<RoomArgument | Argument>, options);
  }

  #channel(room: string): string {
    return `${this.#options.keyPrefix}:{${room}}:told`;
  }
}

/** @throws ParleyError with the code that the script refused with */
function accepted(reply: unknown): unknown {
  const outcome = outcomeOf(reply);
  if (outcome === 'ok') return reply;
  const code = (ERROR_CODES as string[]).includes(outcome) ? (outcome as ErrorCode) : 'internal';
  throw new ParleyError(code);
}
