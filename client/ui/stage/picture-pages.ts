// The pictures of a room that the page knows in part: which there are, and the names of those that are looked at.
import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import {
  isPicture,
  type ParticipantPage,
  type ParticipantQuery,
} from '../../../shared/room/listing.ts';
import type { Participant, RoomSnapshot, Track } from '../../../shared/room/room.ts';
import { byOwner, type ShownRoom, type WaitingTile } from './tiles.ts';

/** Pages that are only passed are not asked for. Milliseconds. */
const SETTLED_MS = 100;
/** Who may have left is looked up again no sooner than this. Milliseconds. */
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
  room: ReadonlySignal<RoomSnapshot & { pictured?: number }>;
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
    this.waiting = computed(() => {
      const { pictured = 0 } = room.value;
      return waitingTiles(pictured, missing.value, this.#asked.value);
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
    let answer: ParticipantPage;
    try {
      answer = await this.#input.find({ with: 'pictures', offset, limit });
    } catch {
      // The next look at the page asks again.
      return;
    }
    const tracks = byOwner(answer.tracks);
    const next = new Map(this.#remembered.peek());
    for (const [id, known] of next) {
      if (known.offset === undefined || known.offset < offset || known.offset >= end) continue;
      this.#checkedAt.set(id, performance.now());
      // Whoever has left is not in the answer.
      if (!this.#known.peek().has(id)) next.delete(id);
    }
    for (const [index, participant] of answer.participants.entries()) {
      const { id } = participant;
      next.set(id, { participant, tracks: tracks.get(id) ?? [], offset: offset + index });
    }
    this.#remembered.value = next;
    const asked = [...Array(limit).keys()].map((index) => offset + index);
    this.#asked.value = new Set([...this.#asked.peek(), ...asked]);
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
 * One for each picture that is missing, named by where it is found. Those that were asked for are known; if more are
 * missing, everything may have moved. Pure.
 */
export function waitingTiles(
  pictured: number,
  missing: number,
  asked: ReadonlySet<number>,
): WaitingTile[] {
  const offsets = [...Array(pictured).keys()];
  const open = offsets.filter((offset) => !asked.has(offset));
  const from = open.length >= missing ? open : offsets;
  return from
    .slice(from.length - missing)
    .map((offset) => ({ kind: 'waiting', id: `${PREFIX}${offset}` }));
}

function offsetOf(tileId: string): number | undefined {
  return tileId.startsWith(PREFIX) ? Number(tileId.slice(PREFIX.length)) : undefined;
}
