// What one node has of a room, in numbered steps: as the node itself keeps it, and as another node follows it. Pure.
import type { MeshChange, MeshDigest, MeshState, MeshTrack } from '../../cluster/messages/mesh.ts';

/** The state of this node. Its changes are numbered when they are taken, several as one. */
export class OwnState {
  readonly #nodeId: string;
  readonly #nextSeq: () => number;
  readonly #tracks = new Map<string, MeshTrack>();
  readonly #links = new Map<string, ReadonlySet<string>>();
  /** Producers that became different since the last number. */
  readonly #touched = new Set<string>();
  /** Pipes that became different, as they were at the last number. */
  readonly #before = new Map<string, ReadonlySet<string> | undefined>();
  #seq: number;

  /** @param nextSeq a number that is higher than all before, also those of an earlier state of this room */
  constructor(nodeId: string, nextSeq: () => number) {
    this.#nodeId = nodeId;
    this.#nextSeq = nextSeq;
    this.#seq = nextSeq();
  }

  setTrack(track: MeshTrack): void {
    this.#tracks.set(track.producerId, track);
    this.#touched.add(track.producerId);
  }

  removeTrack(producerId: string): void {
    if (this.#tracks.delete(producerId)) this.#touched.add(producerId);
  }

  /** The pipe receives exactly these producers. */
  setLink(linkId: string, producerIds: readonly string[]): void {
    const before = this.#links.get(linkId);
    const now = new Set(producerIds);
    if (before && areSame(before, now)) return;
    if (!this.#before.has(linkId)) this.#before.set(linkId, before);
    this.#links.set(linkId, now);
  }

  removeLink(linkId: string): void {
    const before = this.#links.get(linkId);
    if (!this.#links.delete(linkId)) return;
    if (!this.#before.has(linkId)) this.#before.set(linkId, before);
  }

  /** Whether anything became different since the last number. */
  get isChanged(): boolean {
    return this.#touched.size > 0 || this.#before.size > 0;
  }

  /** Numbers what became different. @returns undefined when nothing did */
  next(): MeshChange | undefined {
    if (!this.isChanged) return undefined;
    const after = this.#seq;
    this.#seq = this.#nextSeq();
    const touched = [...this.#touched];
    const links = [...this.#before].flatMap(([linkId, before = NONE]) => {
      const now = this.#links.get(linkId);
      return now ? [{ linkId, added: minus(now, before), removed: minus(before, now) }] : [];
    });
    const change: MeshChange = {
      kind: 'change',
      nodeId: this.#nodeId,
      after,
      seq: this.#seq,
      tracks: touched.flatMap((producerId) => this.#tracks.get(producerId) ?? []),
      removed: touched.filter((producerId) => !this.#tracks.has(producerId)),
      links,
      ended: [...this.#before.keys()].filter((linkId) => !this.#links.has(linkId)),
    };
    this.#touched.clear();
    this.#before.clear();
    return change;
  }

  /** As it is at the last number. What became different since then has to be taken before. */
  whole(): MeshState {
    if (this.isChanged) throw new Error('a state has changes without a number');
    return {
      nodeId: this.#nodeId,
      seq: this.#seq,
      tracks: [...this.#tracks.values()],
      links: [...this.#links].map(([linkId, ids]) => ({ linkId, producerIds: [...ids] })),
      gone: false,
      readsNews: true,
    };
  }

  /** Older releases take a node for silent whose state comes again under the same number. */
  renumber(): void {
    this.next();
    this.#seq = this.#nextSeq();
  }

  digest(): MeshDigest {
    return {
      kind: 'digest',
      nodeId: this.#nodeId,
      seq: this.#seq,
      tracks: this.#tracks.size,
      links: this.#links.size,
    };
  }

  /** The last word: nothing of the room is on this node any more. */
  gone(): MeshState {
    const seq = this.#nextSeq();
    return { nodeId: this.#nodeId, seq, tracks: [], links: [], gone: true, readsNews: true };
  }
}

/** What became different of another node's state. */
export interface Difference {
  /** New ones, and those that are different. */
  readonly tracks: readonly MeshTrack[];
  /** Producers that have ended. */
  readonly removed: readonly string[];
  /** Whether its pipes are different. */
  readonly links: boolean;
}

/** Changes that wait for those before them. More of them cost more than the whole state. */
const MAX_EARLY = 200;
const NOTHING_YET = -1;
const NONE: ReadonlySet<string> = new Set();

/** The state of another node, as far as this one has followed it. */
export class OtherState {
  readonly #tracks = new Map<string, MeshTrack>();
  readonly #links = new Map<string, Set<string>>();
  /** By the number that they come after. */
  readonly #early = new Map<number, MeshChange>();
  #seq = NOTHING_YET;

  /** By the id of their producer. */
  get tracks(): ReadonlyMap<string, MeshTrack> {
    return this.#tracks;
  }

  /** The producers that it receives, by pipe. */
  get links(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#links;
  }

  /** Whether its whole state has arrived once. */
  get isKnown(): boolean {
    return this.#seq !== NOTHING_YET;
  }

  /** Changes have arrived that come after others that have not. */
  get isMissing(): boolean {
    return this.#early.size > 0;
  }

  isOlderThan(seq: number): boolean {
    return seq > this.#seq;
  }

  /** The whole state. @returns undefined when this, or a newer one, is known */
  replace(state: MeshState): Difference | undefined {
    if (!this.isOlderThan(state.seq)) return undefined;
    const before = new Map<string, MeshTrack | undefined>(this.#tracks);
    this.#tracks.clear();
    for (const track of state.tracks) {
      this.#tracks.set(track.producerId, track);
      if (!before.has(track.producerId)) before.set(track.producerId, undefined);
    }
    this.#links.clear();
    for (const { linkId, producerIds } of state.links)
      this.#links.set(linkId, new Set(producerIds));
    this.#seq = state.seq;
    this.#applyEarly(before);
    return this.#difference(before, true);
  }

  /** @returns the difference; `known` when it came before; `missed` when others have to come before it */
  follow(change: MeshChange): Difference | 'known' | 'missed' {
    if (!this.isOlderThan(change.seq)) return 'known';
    if (change.after !== this.#seq) {
      if (this.#early.size < MAX_EARLY) this.#early.set(change.after, change);
      return 'missed';
    }
    const before = new Map<string, MeshTrack | undefined>();
    const isOfLinks = this.#apply(change, before);
    return this.#difference(before, this.#applyEarly(before) || isOfLinks);
  }

  /** Whether the other node has another state than is known here. */
  isBehind({ seq, tracks, links }: MeshDigest): boolean {
    if (seq !== this.#seq) return seq > this.#seq;
    if (tracks === this.#tracks.size && links === this.#links.size) return false;
    // It can only be put right by the whole state under the same number.
    this.#seq = NOTHING_YET;
    return true;
  }

  /** @returns whether pipes are different */
  #applyEarly(before: Map<string, MeshTrack | undefined>): boolean {
    let isOfLinks = false;
    for (let next = this.#early.get(this.#seq); next; next = this.#early.get(this.#seq)) {
      isOfLinks = this.#apply(next, before) || isOfLinks;
    }
    for (const [after, { seq }] of this.#early) {
      if (!this.isOlderThan(seq)) this.#early.delete(after);
    }
    return isOfLinks;
  }

  #apply(change: MeshChange, before: Map<string, MeshTrack | undefined>): boolean {
    const touch = (producerId: string) => {
      if (!before.has(producerId)) before.set(producerId, this.#tracks.get(producerId));
    };
    for (const track of change.tracks) {
      touch(track.producerId);
      this.#tracks.set(track.producerId, track);
    }
    for (const producerId of change.removed) {
      touch(producerId);
      this.#tracks.delete(producerId);
    }
    for (const { linkId, added, removed } of change.links) {
      const link = this.#links.get(linkId) ?? new Set();
      this.#links.set(linkId, link);
      for (const producerId of removed) link.delete(producerId);
      for (const producerId of added) link.add(producerId);
    }
    for (const linkId of change.ended) this.#links.delete(linkId);
    this.#seq = change.seq;
    return change.links.length > 0 || change.ended.length > 0;
  }

  #difference(before: ReadonlyMap<string, MeshTrack | undefined>, links: boolean): Difference {
    const tracks: MeshTrack[] = [];
    const removed: string[] = [];
    for (const [producerId, was] of before) {
      const is = this.#tracks.get(producerId);
      if (is && !(was && isSame(was, is))) tracks.push(is);
      if (!is && was) removed.push(producerId);
    }
    return { tracks, removed, links };
  }
}

/** A producer stays where it is and what it is: only whether it is paused changes. */
function isSame(a: MeshTrack, b: MeshTrack): boolean {
  return a.paused === b.paused && a.routerId === b.routerId;
}

function minus(all: ReadonlySet<string>, others: ReadonlySet<string>): string[] {
  return [...all].filter((each) => !others.has(each));
}

function areSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && minus(a, b).length === 0;
}
