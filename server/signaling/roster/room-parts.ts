// The parts of one large room that clients know: the stage, which all of them do, and what each looks at besides.
// Pure but for what it sends.
import { eventFrame } from '../../../shared/protocol/protocol.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import { Groups } from '../../room/groups.ts';
import type { InterestLimits } from '../../room/interest.ts';
import {
  type Batch,
  type OwnedPatch,
  opsThatShow,
  type PartChange,
  partChange,
  partOf,
} from '../../room/partial.ts';
import type { Roster } from '../../room/roster.ts';
import { Stage } from '../../room/stage.ts';
import { Looks, type Received } from './looks.ts';

export interface PartMember {
  readonly participantId: string;
  /** An event about the room, as text. */
  onRoomFrame(frame: string): void;
}

export class RoomParts<M extends PartMember> {
  readonly #limits: InterestLimits;
  #stage: Stage;
  readonly #looks = new Map<M, Looks>();
  /** Those who know a part, and are sent the changes of it. */
  readonly #shown = new Set<M>();
  readonly #leavers = new Set<M>();
  /** By participant, the members who look at them besides the stage. Each member looks at itself. */
  readonly #followers = new Groups<string, M>();
  /** The version up to which everybody was sent the changes of the stage. */
  #sentVersion = 0;

  constructor(limits: InterestLimits) {
    this.#limits = limits;
    this.#stage = new Stage(limits);
  }

  /** The members who know a part. */
  get shown(): readonly M[] {
    return [...this.#shown];
  }

  isShown(member: M): boolean {
    return this.#shown.has(member);
  }

  isOnStage(participantId: string): boolean {
    return this.#stage.has(participantId);
  }

  /** The room was read anew. */
  begin(roster: Roster, nowMs: number): void {
    this.#stage = new Stage(this.#limits);
    for (const track of roster.tracks) this.#stage.publish(track);
    this.open(roster, nowMs);
  }

  /** Members are shown parts from now on. */
  open(roster: Roster, nowMs: number): void {
    this.#stage.settle((id) => roster.participant(id) !== undefined, nowMs);
    this.#sentVersion = roster.version;
  }

  /** @param roster before the patch */
  onPatch({ ops }: OwnedPatch['patch'], roster: Roster): void {
    for (const op of ops) {
      if (op.op === 'publish') this.#stage.publish(op.track);
      else if (op.op === 'unpublish') this.#stage.unpublish(op.trackId);
      else if (op.op === 'mute') this.#stage.mute(op.trackId, op.muted);
      else if (op.op === 'leave') {
        for (const { id } of roster.tracksOf(op.participantId)) this.#stage.unpublish(id);
      }
    }
  }

  /** @param trackIds of voices, the loudest first */
  spoke(trackIds: readonly string[]): void {
    this.#stage.spoke(trackIds);
  }

  /** The part of the room that a member knows from now on. */
  show(member: M, roster: Roster): RoomSnapshot {
    const looks = this.#looksOf(member);
    this.#shown.add(member);
    for (const id of looks.settle()) this.#unfollow(member, id);
    return partOf(roster, this.idsOf(member));
  }

  /** Those whom a member knows whole. */
  idsOf(member: M): ReadonlySet<string> {
    return new Set([...this.#stage.ids, member.participantId, ...this.#looksOf(member).ids]);
  }

  /** The member is sent the changes of the whole room from now on, or of nothing. */
  release(member: M): void {
    this.#shown.delete(member);
  }

  remove(member: M): void {
    this.release(member);
    this.#leavers.delete(member);
    for (const id of this.#looks.get(member)?.ids ?? []) this.#followers.delete(id, member);
    this.#followers.delete(member.participantId, member);
    this.#looks.delete(member);
  }

  /** The member was sent a page of participants. */
  page(member: M, query: string, ids: readonly string[]): void {
    const looks = this.#looksOf(member);
    for (const id of ids) this.#followers.add(id, member);
    looks.page(query, ids);
    this.#noteLeaving(member, looks);
  }

  /** The member receives tracks of these: it has to know them at once. */
  receive(member: M, epoch: number, received: readonly Received[], roster: Roster): void {
    const looks = this.#looksOf(member);
    for (const each of received) {
      const isNew = !looks.has(each.owner);
      looks.receive(epoch, each);
      this.#followers.add(each.owner, member);
      const isKnown = !isNew || this.#stage.has(each.owner) || each.owner === member.participantId;
      if (!isKnown && this.#shown.has(member)) {
        const ops = opsThatShow(roster, each.owner);
        member.onRoomFrame(this.#frame({ ops, away: [] }, roster, this.#sentVersion));
      }
    }
  }

  close(member: M, epoch: number, consumerIds: readonly string[]): void {
    const looks = this.#looksOf(member);
    looks.close(epoch, consumerIds);
    this.#noteLeaving(member, looks);
  }

  /** The consumers of a media session, all of them. */
  offered(member: M, epoch: number, consumerIds: ReadonlySet<string>): void {
    const looks = this.#looksOf(member);
    looks.offered(epoch, consumerIds);
    this.#noteLeaving(member, looks);
  }

  /** Sends the changes to those who know a part: the stage's to all, in one text, and others to whom they concern. */
  pass(batch: Batch, nowMs: number): void {
    const { roster, patches } = batch;
    const before = new Set(this.#stage.ids);
    const change = this.#stage.settle((id) => roster.participant(id) !== undefined, nowMs);
    if (this.#shown.size === 0) return;
    const touched = new Set(
      patches.flatMap(({ owners }) => owners.filter((id) => id !== undefined)),
    );
    const concerned = this.#concerned(
      [...touched].filter((id) => !before.has(id)),
      change.left,
    );
    const shared = partChange(batch, (id) => before.has(id), change);
    const since = this.#sentVersion;
    const isNews = shared.ops.length > 0 || shared.away.length > 0;
    if (isNews) this.#sentVersion = roster.version;

    const texts = new Map<string, string>();
    const text = (key: string, make: () => PartChange) => {
      const known = texts.get(key) ?? this.#frame(make(), roster, roster.version, since);
      texts.set(key, known);
      return known;
    };
    for (const member of isNews ? this.#shown : []) {
      if (!concerned.has(member)) member.onRoomFrame(text('', () => shared));
    }
    for (const member of concerned) {
      // A participant who was removed is told so by the end of the session.
      if (!roster.participant(member.participantId)) continue;
      const looks = this.#looksOf(member);
      const followed = [...touched].filter((id) => isOwn(member, looks, id) && !before.has(id));
      const gone = looks.settle();
      for (const id of gone) this.#unfollow(member, id);
      const isLeft = (id: string) => !this.#stage.has(id) && !isOwn(member, looks, id);
      const left = [...new Set([...change.left, ...gone])].filter(isLeft);
      if (!isNews && followed.length === 0 && left.length === 0) continue;
      const known = new Set([...before, ...followed]);
      const own = () => partChange(batch, (id) => known.has(id), { entered: change.entered, left });
      member.onRoomFrame(text(`${followed.join(' ')}|${left.join(' ')}`, own));
    }
    this.#leavers.clear();
  }

  #concerned(touched: readonly string[], left: readonly string[]): Set<M> {
    const concerned = new Set(this.#leavers);
    for (const id of [...touched, ...left]) {
      for (const member of this.#followers.of(id)) concerned.add(member);
    }
    for (const member of concerned) if (!this.#shown.has(member)) concerned.delete(member);
    return concerned;
  }

  #looksOf(member: M): Looks {
    const known = this.#looks.get(member);
    if (known) return known;
    const looks = new Looks();
    this.#looks.set(member, looks);
    this.#followers.add(member.participantId, member);
    return looks;
  }

  #noteLeaving(member: M, looks: Looks): void {
    if (looks.isLeaving) this.#leavers.add(member);
  }

  #unfollow(member: M, id: string): void {
    if (id !== member.participantId) this.#followers.delete(id, member);
  }

  #frame(
    { ops, away }: PartChange,
    { count, pictured }: Roster,
    version: number,
    since = version,
  ): string {
    return eventFrame('roster', { ...{ since, version, ops, away }, count, pictured });
  }
}

/** Besides the stage. */
function isOwn({ participantId }: PartMember, looks: Looks, id: string): boolean {
  return id === participantId || looks.has(id);
}
