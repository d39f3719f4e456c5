// The pictures of a room that the page knows in part: which there are, and the names of those that are looked at.
import { batch, computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import {
  isPicture,
  type ParticipantPage,
  type ParticipantQuery,
} from '../../../shared/room/listing.ts';
import type { Participant, RoomSnapshot, Track } from '../../../shared/room/room.ts';
import { byOwner, type ShownRoom, type WaitingTile } from './tiles.ts';

/** Pages that are only passed are not asked for. Milliseconds. */
const SETTLED_MS = 100;
/** A participant who may have left is looked up again no sooner than this. Milliseconds. */
const CHECKED_FOR_MS = 10_000;
/** At most this many are asked for at once: a large page. */
const MOST_ASKED = 50;
/** Each name costs a search of its own. */
const MOST_NAMES = 4;

interface Remembered {
  participant: Participant;
  tracks: readonly Track[];
  /** Where it was found among the pictures of the room; undefined: it was never looked up. */
  offset: number | undefined;
}

export interface PicturePagesInput {
  room: ReadonlySignal<RoomSnapshot>;
  selfId: string;
  find: (query: ParticipantQuery) => Promise<ParticipantPage>;
  /** Those who spoke, and those whom the viewer pinned: shown without a picture, too. */
  isWanted: (participantId: string) => boolean;
}

/**
 * The server names those on its stage, those whose pictures we receive, and those whom we asked for last. Others
 * keep their places: pages that were turned do not change behind the viewer's back.
 */
export class PicturePages {
  /** Participants with tiles, and their tracks. */
  readonly shown: ReadonlySignal<ShownRoom>;
  /** For pictures whose names are not known yet. */
  readonly waiting: ReadonlySignal<readonly WaitingTile[]>;
  readonly #input: PicturePagesInput;
  readonly #known;
  readonly #remembered = signal<ReadonlyMap<string, Remembered>>(new Map());
  readonly #asked = signal<ReadonlySet<number>>(new Set());
  readonly #pending = signal<ReadonlySet<number>>(new Set());
  readonly #checkedAt = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end: () => void;

  constructor(input: PicturePagesInput) {
    this.#input = input;
    const { room, selfId, isWanted } = input;
    this.#known = computed(() => new Set(room.value.participants.map(({ id }) => id)));
    this.#end = effect(() => {
      if (room.value.pictured !== undefined) this.#remember(room.value);
    });
    const away = computed(() =>
      [...this.#remembered.value.values()].filter(
        ({ participant }) => !this.#known.value.has(participant.id),
      ),
    );
    this.shown = computed(() => {
      const { participants, tracks } = room.value;
      const pictured = new Set(tracks.filter(isPicture).map(({ participantId }) => participantId));
      const shown = participants.filter(
        ({ id }) => id === selfId || pictured.has(id) || isWanted(id),
      );
      return {
        participants: [...shown, ...away.value.map(({ participant }) => participant)],
        tracks: [...tracks, ...away.value.flatMap((each) => each.tracks)],
      };
    });
    const missing = computed(() => {
      const { pictured = 0 } = room.value;
      const owners = new Set(
        this.shown.value.tracks.filter(isPicture).map(({ participantId }) => participantId),
      );
      return Math.max(0, pictured - owners.size);
    });
    let offsets: readonly number[] = [];
    this.waiting = computed(() => {
      const { pictured = 0 } = room.value;
      const progress = { asked: this.#asked.value, pending: this.#pending.value };
      offsets = waitingOffsets(offsets, missing.value, pictured, progress);
      return offsets.map((offset) => ({ kind: 'waiting', id: `${PREFIX}${offset}` }));
    });
  }

  /** Names the tiles that are looked at: those that wait are asked for, those who may have left are looked up. */
  look(tileIds: readonly string[]): void {
    clearTimeout(this.#timer);
    const offsets = tileIds.flatMap((id) => offsetOf(id) ?? []);
    const away: Remembered[] = [];
    for (const id of tileIds) {
      const remembered = this.#awayUnchecked(id);
      if (remembered?.offset !== undefined) offsets.push(remembered.offset);
      else if (remembered) away.push(remembered);
    }
    if (offsets.length + away.length === 0) return;
    this.#timer = setTimeout(() => {
      if (offsets.length > 0) void this.#askFor(offsets);
      for (const each of away.slice(0, MOST_NAMES)) void this.#lookUp(each);
    }, SETTLED_MS);
  }

  close(): void {
    this.#end();
    clearTimeout(this.#timer);
  }

  /** Somebody of whom the server says nothing any more: they are not looked at, or have left. */
  #awayUnchecked(tileId: string): Remembered | undefined {
    if (this.#known.peek().has(tileId)) return undefined;
    const checkedAt = this.#checkedAt.get(tileId) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - checkedAt < CHECKED_FOR_MS) return undefined;
    return this.#remembered.peek().get(tileId);
  }

  /** Somebody whose place among the pictures is not known is found by name. */
  async #lookUp({ participant }: Remembered): Promise<void> {
    const { id, name } = participant;
    this.#checkedAt.set(id, performance.now());
    try {
      const found = await this.#input.find({ with: 'pictures', search: name, limit: MOST_ASKED });
      if (found.participants.some((each) => each.id === id) || this.#known.peek().has(id)) return;
    } catch {
      return;
    }
    const next = new Map(this.#remembered.peek());
    next.delete(id);
    this.#remembered.value = next;
  }

  async #askFor(offsets: readonly number[]): Promise<void> {
    const offset = Math.min(...offsets);
    const limit = Math.min(MOST_ASKED, Math.max(...offsets) - offset + 1);
    const end = offset + limit;
    const asked = [...Array(limit).keys()].map((index) => offset + index);
    let answer: ParticipantPage;
    this.#pending.value = new Set([...this.#pending.peek(), ...asked]);
    try {
      answer = await this.#input.find({ with: 'pictures', offset, limit });
    } catch {
      // The next look at the page asks again.
      this.#pending.value = without(this.#pending.peek(), asked);
      return;
    }
    const tracks = byOwner(answer.tracks);
    const next = new Map(this.#remembered.peek());
    for (const [id, known] of next) {
      if (known.offset === undefined || known.offset < offset || known.offset >= end) continue;
      this.#checkedAt.set(id, performance.now());
      // The answer does not name a participant who has left.
      if (!this.#known.peek().has(id)) next.delete(id);
    }
    for (const [index, participant] of answer.participants.entries()) {
      const { id } = participant;
      next.set(id, { participant, tracks: tracks.get(id) ?? [], offset: offset + index });
    }
    // Together: whoever was found takes the places of the tiles that waited for them.
    batch(() => {
      this.#remembered.value = next;
      this.#asked.value = new Set([...this.#asked.peek(), ...asked]);
      this.#pending.value = without(this.#pending.peek(), asked);
    });
  }

  /** What the room says of somebody with a picture, for the time when it does not any more. */
  #remember({ participants, tracks }: RoomSnapshot): void {
    const owned = byOwner(tracks.filter(isPicture));
    untracked(() => {
      const before = this.#remembered.peek();
      const next = new Map(before);
      for (const participant of participants) {
        const { id } = participant;
        const pictures = owned.get(id);
        if (id === this.#input.selfId) continue;
        if (!pictures) next.delete(id);
        else next.set(id, { participant, tracks: pictures, offset: before.get(id)?.offset });
      }
      this.#remembered.value = next;
    });
  }
}

const PREFIX = 'waiting-';

/**
 * Where the missing pictures are found, in ascending order. As long as a picture is missing it keeps its place: what
 * comes takes the place of those that were asked for. Pure.
 *
 * @param before the answer of the last change
 * @param progress `asked`: whoever is there is known. `pending`: asked for, without an answer yet
 */
export function waitingOffsets(
  before: readonly number[],
  missing: number,
  pictured: number,
  { asked, pending }: { asked: ReadonlySet<number>; pending: ReadonlySet<number> },
): number[] {
  const kept = before.filter((offset) => offset < pictured && !asked.has(offset));
  const first = [
    ...kept.filter((each) => pending.has(each)),
    ...kept.filter((each) => !pending.has(each)),
  ];
  const waiting = new Set(first.slice(Math.max(0, first.length - missing)));
  const all = [...Array(pictured).keys()];
  // If everybody was asked for and some are missing still, everything may have moved.
  for (const candidates of [all.filter((offset) => !asked.has(offset)), all]) {
    for (const offset of candidates.reverse()) if (waiting.size < missing) waiting.add(offset);
  }
  return [...waiting].sort((a, b) => a - b);
}

function without<T>(set: ReadonlySet<T>, items: readonly T[]): Set<T> {
  const gone = new Set(items);
  return new Set([...set].filter((item) => !gone.has(item)));
}

function offsetOf(tileId: string): number | undefined {
  return tileId.startsWith(PREFIX) ? Number(tileId.slice(PREFIX.length)) : undefined;
}
