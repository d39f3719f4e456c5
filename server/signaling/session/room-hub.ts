// The rooms that sessions of this replica are in: one subscription each, fanned out to them.
import { applyPatch, type RoomPatch } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { Closer, RoomStore } from '../../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { Groups } from '../groups.ts';
import type { MediaEvents, MediaListener } from '../media/media-events.ts';
import { batchOf, gatherMs, type PatchBatch } from './patch-batch.ts';

/** A session, as its room's subscription sees it. */
export interface RoomMember {
  readonly participantId: string;
  /** A change that names the participant, as soon as it is known. */
  onOwnPatch(patch: RoomPatch): void;
  /** All changes, in order; those of a large room several at a time. */
  onPatches(batch: PatchBatch): void;
  /** A track of the participant was muted or unmuted, by the participant or by a host at any replica. */
  onMute(trackId: string, muted: boolean, version: number): void;
  /** An event of the room's media that concerns all participants, or this one. */
  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void;
}

interface Entry {
  readonly members: Members;
  readonly subscribing: Promise<readonly Closer[]>;
  readonly release: () => void;
  /** Changes that are passed on together. */
  readonly gathered: RoomPatch[];
  passing: Timer | undefined;
  /** The newest state that is known; undefined before the first snapshot. */
  known: RoomSnapshot | undefined;
}

export class RoomHub {
  readonly #entries = new Map<string, Entry>();
  readonly #rooms: RoomStore;
  readonly #events: MediaEvents;
  readonly #resources: Resources;
  readonly #log: Logger;
  readonly #chatHistory: number;

  constructor(options: {
    rooms: RoomStore;
    events: MediaEvents;
    resources: Resources;
    log: Logger;
    chatHistory: number;
  }) {
    this.#chatHistory = options.chatHistory;
    this.#rooms = options.rooms;
    this.#events = options.events;
    this.#resources = options.resources;
    this.#log = options.log;
  }

  /** Resolves when the subscriptions are open: the member misses nothing of the room from then on. */
  async add(room: string, member: RoomMember): Promise<void> {
    const entry = this.#entries.get(room) ?? this.#open(room);
    entry.members.add(member);
    try {
      await entry.subscribing;
    } catch (error) {
      // The next member subscribes again: that may succeed.
      if (this.#entries.get(room) === entry) {
        this.#entries.delete(room);
        entry.release();
      }
      throw error;
    }
  }

  /** A snapshot that was just read from the store. */
  learn(snapshot: RoomSnapshot): void {
    const entry = this.#entries.get(snapshot.room);
    if (!entry || (entry.known && entry.known.version >= snapshot.version)) return;
    entry.known = snapshot;
  }

  /** The newest state that this replica knows: it serves while the store cannot be reached. */
  known(room: string): RoomSnapshot | undefined {
    return this.#entries.get(room)?.known;
  }

  remove(room: string, member: RoomMember): void {
    const entry = this.#entries.get(room);
    if (!entry?.members.delete(member) || !entry.members.isEmpty) return;
    this.#entries.delete(room);
    entry.passing?.close();
    entry.release();
    entry.subscribing
      .then((closers) => Promise.all(closers.map((closer) => closer.close())))
      .catch((error) => this.#log.error({ err: error, room }, 'a subscription did not close'));
  }

  /** For events that a node has addressed to this replica. @returns undefined when no session is in the room */
  mediaListener(room: string): MediaListener | undefined {
    const members = this.#entries.get(room)?.members;
    return members && ((event, data) => passMediaEvent(members, event, data));
  }

  #open(room: string): Entry {
    const members = new Members();
    const entry: Entry = {
      members,
      known: undefined,
      gathered: [],
      passing: undefined,
      subscribing: allOrNone([
        this.#rooms.subscribe(room, (patch) => {
          this.#follow(entry, patch);
          for (const id of participantsOf(patch)) {
            for (const member of members.of(id)) member.onOwnPatch(patch);
          }
          passMutes(entry, patch);
          this.#gather(entry, patch);
        }),
        this.#events.subscribe(room, (event, data) => passMediaEvent(members, event, data)),
      ]),
      release: this.#resources.open('subscription'),
    };
    this.#entries.set(room, entry);
    return entry;
  }

  #gather(entry: Entry, patch: RoomPatch): void {
    entry.gathered.push(patch);
    const delayMs = gatherMs(entry.known?.participants.length ?? 0);
    if (delayMs === 0) this.#pass(entry);
    else entry.passing ??= this.#resources.after(delayMs, () => this.#pass(entry));
  }

  #pass(entry: Entry): void {
    entry.passing?.close();
    entry.passing = undefined;
    if (entry.gathered.length === 0) return;
    const batch = batchOf(entry.gathered.splice(0));
    for (const member of entry.members.all) member.onPatches(batch);
  }

  #follow(entry: Entry, patch: RoomPatch): void {
    if (!entry.known || patch.version === entry.known.version) return;
    const { room } = entry.known;
    // A lower version: the room ended and began again while the store could not be reached.
    if (patch.version < entry.known.version) entry.known = { ...entry.known, version: -1 };
    const next = applyPatch(entry.known, patch, { chatHistory: this.#chatHistory });
    if (next) {
      entry.known = next;
      return;
    }
    // Patches are missing: the known state stays until a snapshot has been read.
    this.#rooms.snapshot(room).then(
      (snapshot) => snapshot && this.learn(snapshot),
      (err) => this.#log.debug({ err, room }, 'a room was not looked up'),
    );
  }
}

/** The sessions of a room at this replica. While one replaces another, a participant may have two. */
class Members {
  readonly #all = new Set<RoomMember>();
  readonly #byParticipant = new Groups<string, RoomMember>();

  get all(): readonly RoomMember[] {
    return [...this.#all];
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  of(participantId: string): readonly RoomMember[] {
    return this.#byParticipant.of(participantId);
  }

  add(member: RoomMember): void {
    this.#all.add(member);
    this.#byParticipant.add(member.participantId, member);
  }

  /** @returns whether it was there */
  delete(member: RoomMember): boolean {
    this.#byParticipant.delete(member.participantId, member);
    return this.#all.delete(member);
  }
}

/** What concerns one participant concerns one session: it is not passed to all the others of a large room. */
function passMediaEvent<K extends MediaEvent>(
  members: Members,
  event: K,
  data: MediaEventData<K>,
): void {
  const whose =
    ('participantId' in data && [data.participantId]) ||
    ('participants' in data && data.participants.map(({ participantId }) => participantId));
  const concerned = whose ? new Set(whose.flatMap((id) => members.of(id))) : members.all;
  for (const member of concerned) member.onMediaEvent(event, data);
}

/** Whose presence, entry or departure it is about. */
function participantsOf({ ops }: RoomPatch): ReadonlySet<string> {
  return new Set(ops.flatMap((op) => ('participantId' in op ? [op.participantId] : [])));
}

/** The owner of a track is looked up once, not by each member. */
function passMutes({ known, members }: Entry, { ops, version }: RoomPatch): void {
  for (const op of ops) {
    if (op.op !== 'mute') continue;
    const owner = known?.tracks.find(({ id }) => id === op.trackId)?.participantId;
    if (owner === undefined) continue;
    for (const member of members.of(owner)) member.onMute(op.trackId, op.muted, version);
  }
}

/** When one subscription fails, the others are closed. */
async function allOrNone(subscriptions: readonly Promise<Closer>[]): Promise<readonly Closer[]> {
  const results = await Promise.allSettled(subscriptions);
  const closers = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return closers;
  await Promise.allSettled(closers.map((closer) => closer.close()));
  throw failed.reason;
}
