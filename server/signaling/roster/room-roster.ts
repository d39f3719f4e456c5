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
import { type OwnedPatch, ownedPatch } from '../../room/partial.ts';
import { Roster } from '../../room/roster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { Groups } from '../groups.ts';
import type { Members, RoomMember } from './members.ts';
import { batchOf, gatherMs } from './patch-batch.ts';
import { RoomParts } from './room-parts.ts';

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
  readonly #room: string;
  readonly #members: Members;
  readonly #options: RoomRosterOptions;
  readonly #parts: RoomParts<RoomMember>;
  /** Names without what a search does not compare, by participant. Made when they are searched for first. */
  readonly #names = new Map<string, { name: string; folded: string }>();
  /** Who receives a track that is not in the room yet. */
  readonly #awaited = new Groups<string, { member: RoomMember; epoch: number; id: string }>();
  /** Changes that are passed on together. */
  #gathered: OwnedPatch[] = [];
  #passing: Timer | undefined;
  #roster: Roster | undefined;
  #isLarge = false;
  #waiting: (() => void)[] = [];

  constructor(room: string, members: Members, options: RoomRosterOptions) {
    this.#room = room;
    this.#members = members;
    this.#options = options;
    this.#parts = new RoomParts(options.interest);
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

  /** A snapshot that was just read from the store. */
  learn(snapshot: RoomSnapshot): void {
    if (this.#roster && this.#roster.version >= snapshot.version) return;
    this.#pass();
    this.#roster = new Roster(snapshot);
    this.#names.clear();
    this.#parts.begin(this.#roster, performance.now());
    // What lies between the state of before and this one is not known.
    for (const member of this.#parts.shown) this.#replace(member, this.#roster);
    this.#sizeUp();
    this.#awake();
  }

  onPatch(patch: RoomPatch): void {
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
    const isReached = () => (this.#roster?.version ?? -1) >= version && this.has(participantId);
    if (isReached()) return;
    const { resources, rooms } = this.#options;
    let isLate = false;
    const late = resources.after(REACH_WITHIN_MS, () => {
      isLate = true;
      this.#awake();
    });
    while (!isReached() && !isLate) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    late.close();
    if (isReached()) return;
    const snapshot = await rooms.snapshot(this.#room);
    if (snapshot) this.learn(snapshot);
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
    const search = folded(query.search ?? '');
    const last = query.offset + query.limit;
    let total = 0;
    const participants = [];
    for (const participant of roster.participants) {
      if (query.with && !roster.hasPicture(participant.id)) continue;
      if (search !== '' && !this.#foldedName(participant).includes(search)) continue;
      if (total >= query.offset && total < last) participants.push(participant);
      total += 1;
    }
    const ids = participants.map(({ id }) => id);
    const { offset, limit } = query;
    this.#parts.page(member, JSON.stringify([search, offset, limit, query.with]), ids);
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
    // A lower version: the room ended and began again while the store could not be reached.
    if (patch.version < roster.version) roster.restart();
    this.#parts.onPatch(patch, roster);
    const { chatHistory, rooms, log } = this.#options;
    if (roster.apply(patch, { chatHistory })) {
      for (const op of patch.ops) this.#settleAwaited(op);
      return owned;
    }
    // Patches are missing: the known state stays until a snapshot has been read.
    rooms.snapshot(this.#room).then(
      (snapshot) => snapshot && this.learn(snapshot),
      (err) => log.debug({ err, room: this.#room }, 'a room was not looked up'),
    );
    return owned;
  }

  #settleAwaited(op: RoomPatch['ops'][number]): void {
    if (op.op === 'leave') this.#names.delete(op.participantId);
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

  #foldedName({ id, name }: { id: string; name: string }): string {
    const known = this.#names.get(id);
    if (known?.name === name) return known.folded;
    const made = { name, folded: folded(name) };
    this.#names.set(id, made);
    return made.folded;
  }

  #awake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
