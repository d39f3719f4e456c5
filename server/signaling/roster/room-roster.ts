// One room as this replica knows it: its state, kept up to date in steps, and who is sent which of the changes.
import {
  eventFrame,
  type MethodParams,
  type MethodResult,
} from '../../../shared/protocol/protocol.ts';
import type { RoomSize } from '../../../shared/protocol/roster-messages.ts';
import { folded } from '../../../shared/room/listing.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { RoomStore } from '../../cluster/cluster.ts';
import type { MediaEventData } from '../../cluster/messages/media.ts';
import type { Config } from '../../config/config.ts';
import { Groups } from '../../room/groups.ts';
import { type OwnedPatch, ownedPatch } from '../../room/partial.ts';
import { Roster } from '../../room/roster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { Members, RoomMember } from './members.ts';
import { batchOf, gatherMs } from './patch-batch.ts';
import { RoomListing } from './room-listing.ts';
import { RoomParts } from './room-parts.ts';
import { RoomReader } from './room-reader.ts';

export interface RoomRosterOptions {
  rooms: Pick<RoomStore, 'snapshot'>;
  resources: Resources;
  log: Logger;
  chatHistory: number;
  interest: Config['interest'];
}

type Consumers = MediaEventData<'consumers'>['consumers'];

/** A large room is small again below this share of the size from which on it is large: it must not flicker. */
const SMALL_AGAIN = 0.8;
/** How long a change may take from the store to this replica, until the room is read instead. */
const REACH_WITHIN_MS = 1_000;

export class RoomRoster {
  readonly #members: Members;
  readonly #options: RoomRosterOptions;
  readonly #parts: RoomParts<RoomMember>;
  readonly #listing = new RoomListing();
  readonly #reader: RoomReader;
  /** By track that is not in the room yet, the members who receive it. */
  readonly #awaited = new Groups<string, { member: RoomMember; epoch: number; id: string }>();
  /** Changes that are passed on together. */
  #gathered: OwnedPatch[] = [];
  #passing: Timer | undefined;
  #roster: Roster | undefined;
  #isLarge = false;
  #waiting: (() => void)[] = [];

  constructor(room: string, members: Members, options: RoomRosterOptions) {
    this.#members = members;
    this.#options = options;
    this.#parts = new RoomParts(options.interest);
    this.#reader = new RoomReader({
      ...{ ...options, room, version: () => this.version },
      onRead: (snapshot, since) => this.learn(snapshot, since),
    });
  }

  /** Undefined before the first snapshot. Nobody may change it. */
  get known(): RoomSnapshot | undefined {
    return this.#roster?.snapshot;
  }

  /** Clients that understand it know a part of the room. */
  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Empty in a small room. */
  get size(): RoomSize {
    if (!this.#roster || !this.#isLarge) return {};
    const { count, pictured } = this.#roster;
    return { count, pictured };
  }

  has(participantId: string): boolean {
    return this.#roster?.participant(participantId) !== undefined;
  }

  ownerOf(trackId: string): string | undefined {
    return this.#roster?.track(trackId)?.participantId;
  }

  /** The version that is known here; -1 before the first snapshot. */
  get version(): number {
    return this.#roster?.version ?? -1;
  }

  /**
   * A snapshot that was just read from the store.
   *
   * @param since the version that was known here when it was asked for. A snapshot that is older than that is of a
   * room that ended and began again.
   */
  learn(snapshot: RoomSnapshot, since: number): void {
    const isAnotherRoom = snapshot.version < since;
    if (this.version >= snapshot.version && !isAnotherRoom) return;
    this.#pass();
    this.#roster = new Roster(snapshot);
    this.#listing.clear();
    this.#parts.begin(this.#roster, performance.now());
    // What lies between the state of before and this one is not known.
    for (const member of this.#parts.shown) this.#replace(member, this.#roster);
    this.#sizeUp();
    this.#awake();
  }

  onPatch(patch: RoomPatch): void {
    if (patch.version < this.version) {
      this.#onOldPatch(patch);
      return;
    }
    this.#gathered.push(this.#follow(patch));
    this.#sizeUp();
    const delayMs = gatherMs(this.#roster?.count ?? 0);
    if (delayMs === 0) this.#pass();
    else this.#passing ??= this.#options.resources.after(delayMs, () => this.#pass());
    this.#awake();
  }

  /**
   * Resolves when this version of the room is known here, with the participant.
   * @throws ParleyError `unavailable`
   */
  async reached(version: number, participantId: string): Promise<void> {
    const isReached = () => this.version >= version && this.has(participantId);
    if (isReached()) return;
    const { resources } = this.#options;
    let isLate = false;
    const late = resources.after(REACH_WITHIN_MS, () => {
      isLate = true;
      this.#awake();
    });
    while (!isReached() && !isLate) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    late.close();
    if (!isReached()) await this.#reader.read();
  }

  /**
   * The room as this member knows it from now on: changes after it follow.
   * @returns undefined before the first snapshot
   */
  view(member: RoomMember): RoomSnapshot | undefined {
    if (!this.#roster) return undefined;
    if (this.#isLarge && member.takesParts) return this.#parts.show(member, this.#roster);
    this.#parts.release(member);
    return this.#roster.snapshot;
  }

  remove(member: RoomMember): void {
    this.#parts.remove(member);
  }

  /** A page of the participants. The member is kept up to date about those on it. */
  page(member: RoomMember, query: MethodParams<'participants'>): MethodResult<'participants'> {
    const roster = this.#roster;
    if (!roster) return { version: 0, participants: [], tracks: [], total: 0 };
    const { participants, total } = this.#listing.page(roster, query);
    const ids = participants.map(({ id }) => id);
    const { search, offset, limit } = query;
    this.#parts.page(
      member,
      JSON.stringify([folded(search ?? ''), offset, limit, query.with]),
      ids,
    );
    const tracks = ids.flatMap((id) => roster.tracksOf(id));
    return { version: roster.version, participants, tracks, total };
  }

  /** These are heard now, the loudest first. Whoever begins to speak comes onto the stage at once. */
  spoke(participantIds: readonly string[]): void {
    const roster = this.#roster;
    if (!roster) return;
    const voices = participantIds.flatMap((id) =>
      roster.tracksOf(id).filter(({ kind, muted }) => kind === 'audio' && !muted),
    );
    this.#parts.spoke(voices.map(({ id }) => id));
    const isNews = voices.some(({ participantId }) => !this.#parts.isOnStage(participantId));
    if (isNews && this.#isLarge) this.#pass();
  }

  /** The member receives these from now on: it knows whose they are before it is sent them. */
  received(member: RoomMember, epoch: number, consumers: Consumers): void {
    // Everybody receives a voice at about the same time.
    const voices = consumers.filter(({ kind }) => kind === 'audio' && this.#isLarge);
    const owners = voices.flatMap(({ trackId }) => this.ownerOf(trackId) ?? []);
    const unknown = owners.filter((owner) => !this.#parts.isOnStage(owner));
    if (unknown.length > 0) this.spoke(unknown);
    for (const { trackId, consumerId } of consumers) {
      const owner = this.ownerOf(trackId);
      if (owner === undefined) this.#awaited.add(trackId, { member, epoch, id: consumerId });
      else this.#receive(member, epoch, consumerId, owner);
    }
  }

  /** All that the member receives on a media session. */
  offered(member: RoomMember, epoch: number, consumers: Consumers): void {
    this.received(member, epoch, consumers);
    this.#parts.offered(member, epoch, new Set(consumers.map(({ consumerId }) => consumerId)));
  }

  closed(member: RoomMember, epoch: number, consumerIds: readonly string[]): void {
    this.#parts.close(member, epoch, consumerIds);
  }

  close(): void {
    this.#passing?.close();
    this.#passing = undefined;
    this.#reader.close();
    this.#awake();
  }

  #receive(member: RoomMember, epoch: number, consumerId: string, owner: string): void {
    if (!this.#roster) return;
    this.#parts.receive(member, epoch, [{ consumerId, owner }], this.#roster);
  }

  #pass(): void {
    this.#passing?.close();
    this.#passing = undefined;
    const patches = this.#gathered;
    this.#gathered = [];
    if (patches.length > 0) {
      const batch = batchOf(patches.map(({ patch }) => patch));
      for (const member of this.#members.all) if (this.#knowsAll(member)) member.onPatches(batch);
    }
    if (this.#roster && this.#isLarge)
      this.#parts.pass({ patches, roster: this.#roster }, performance.now());
  }

  /** A member of a large room who is not shown a part yet will be, with its answer. */
  #knowsAll(member: RoomMember): boolean {
    return !this.#parts.isShown(member) && !(this.#isLarge && member.takesParts);
  }

  #follow(patch: RoomPatch): OwnedPatch {
    const roster = this.#roster;
    const owned = ownedPatch(roster, patch);
    if (!roster || patch.version === roster.version) return owned;
    this.#parts.onPatch(patch, roster);
    if (roster.apply(patch, { chatHistory: this.#options.chatHistory })) {
      for (const op of patch.ops) this.#settleAwaited(op);
      return owned;
    }
    // Patches are missing: the known state stays until a snapshot has been read.
    this.#reader.soon();
    return owned;
  }

  /** It was under way while a snapshot was read that has it. Or another room began, which only the store can say. */
  #onOldPatch(patch: RoomPatch): void {
    this.#pass();
    const batch = batchOf([patch]);
    for (const member of this.#members.all) if (this.#knowsAll(member)) member.onPatches(batch);
    this.#reader.later();
  }

  #settleAwaited(op: RoomPatch['ops'][number]): void {
    if (op.op === 'leave') this.#listing.forget(op.participantId);
    if (op.op !== 'publish') return;
    for (const waiting of this.#awaited.of(op.track.id)) {
      this.#awaited.delete(op.track.id, waiting);
      this.#receive(waiting.member, waiting.epoch, waiting.id, op.track.participantId);
    }
  }

  #sizeUp(): void {
    const count = this.#roster?.count ?? 0;
    const { wholeRosterUpTo: limit } = this.#options.interest;
    const isLarge = this.#isLarge ? count > limit * SMALL_AGAIN : count > limit;
    if (isLarge === this.#isLarge || !this.#roster) return;
    this.#pass();
    this.#isLarge = isLarge;
    if (isLarge) this.#parts.open(this.#roster, performance.now());
    const affected = isLarge
      ? this.#members.all.filter(({ takesParts }) => takesParts)
      : this.#parts.shown;
    for (const member of affected) this.#replace(member, this.#roster);
  }

  #replace(member: RoomMember, roster: Roster): void {
    const snapshot = this.view(member) ?? roster.snapshot;
    // The client has the chat, and is sent what is added to it.
    member.onRoomFrame(eventFrame('room', { snapshot: { ...snapshot, chat: [] } }));
  }

  #awake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
