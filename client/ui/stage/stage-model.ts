// The stage as signals: its tiles, the place of each, and the page that is shown.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { RoomSnapshot, Track } from '../../../shared/room/room.ts';
import type { Call } from '../../sdk/session/types.ts';
import { type Layout, layout, type Size } from './layout.ts';
import { arrange, bringIntoView, type Occupants, picturesFirst } from './order.ts';
import { PicturePages } from './picture-pages.ts';
import { steadyLayout, tilesInDocument } from './shown.ts';
import { type ShownRoom, stagingOf, type Tile, tilesOf } from './tiles.ts';

/** From this many tiles on nothing on the stage is animated: it would distract, and cost more than it tells. */
const MANY = 17;
/** A participant who spoke in this time keeps the tile, picture or not: they may go on. */
const RECENT_MS = 30_000;

/** Speakers without a picture who have a tile in a large room: those who spoke last. */
const MOST_VOICES = 16;

export interface StageInput {
  room: ReadonlySignal<RoomSnapshot>;
  /** How many participants there are; the room may have a part of them. */
  count: ReadonlySignal<number>;
  call: Pick<Call, 'findParticipants'>;
  selfId: string;
  /** A phone, or a window as small. */
  compact: ReadonlySignal<boolean>;
}

export class StageModel {
  /** Measured on the page. */
  readonly viewport = signal<Size>({ width: 0, height: 0 });
  readonly page = signal(0);
  readonly pinned = signal<string | undefined>(undefined);
  /** Width divided by height of the screens shown, by tile. */
  readonly aspects = signal<ReadonlyMap<string, number>>(new Map());
  readonly tracks: ReadonlySignal<readonly Track[]>;
  readonly tiles: ReadonlySignal<readonly Tile[]>;
  readonly byId: ReadonlySignal<ReadonlyMap<string, Tile>>;
  /** Tiles in display order. Joining moves none; when a participant leaves, the last tile fills the gap. */
  readonly ordered: ReadonlySignal<readonly Tile[]>;
  readonly layout: ReadonlySignal<Layout>;
  /** The tiles in the document, those shown and some that are hidden, in the order of the joins. */
  readonly inDocument: ReadonlySignal<readonly Tile[]>;
  readonly many: ReadonlySignal<boolean>;
  /** The tile whose actions the Tab key reaches, where there are many; arrows lead to the others. */
  readonly tabStop: ReadonlySignal<string | undefined>;
  readonly focused = signal<string | undefined>(undefined);
  readonly #selfId: string;
  readonly #places = signal<readonly string[]>([]);
  /** When each participant spoke last, by the clock of `performance`. */
  readonly #spokeAt = new Map<string, number>();
  #speaking: ReadonlySet<string> = new Set();
  readonly #voices = signal<ReadonlySet<string>>(new Set());
  readonly #ends: (() => void)[];

  constructor({ room, count, call, selfId, compact }: StageInput) {
    this.#selfId = selfId;
    const pages = new PicturePages({
      room,
      selfId,
      find: (query) => call.findParticipants(query),
      isWanted: (id) => this.#voices.value.has(id) || this.pinned.value === id,
    });
    const isWhole = computed(() => count.value <= room.value.participants.length);
    const shown = computed<ShownRoom>(() => (isWhole.value ? room.value : pages.shown.value));
    const participants = computed(() => shown.value.participants);
    this.tracks = computed(() => shown.value.tracks);
    let known: readonly Tile[] = [];
    this.tiles = computed(() => {
      const waiting = isWhole.value ? [] : pages.waiting.value;
      const people = { participants: participants.value, tracks: this.tracks.value };
      known = tilesOf(people, selfId, known, waiting);
      return known;
    });
    this.byId = computed(() => new Map(this.tiles.value.map((tile) => [tile.id, tile])));
    this.ordered = computed(() =>
      this.#places.value.flatMap((id) => this.byId.value.get(id) ?? []),
    );
    const shapes = computed(() =>
      stagingOf(this.ordered.value, {
        pinned: this.pinned.value,
        compact: compact.value,
        aspects: this.aspects.value,
      }),
    );
    let drawn: Layout = { placements: [], page: 0, pages: 1, perPage: 1 };
    this.layout = computed(() => {
      drawn = steadyLayout(drawn, layout(shapes.value, this.viewport.value, this.page.value));
      return drawn;
    });
    let kept: readonly string[] = [];
    this.inDocument = computed(() => {
      const shown = this.layout.value.placements.map(({ id }) => id);
      kept = tilesInDocument(kept, shown, (id) => this.byId.value.has(id));
      const ids = new Set(kept);
      return this.tiles.value.filter(({ id }) => ids.has(id));
    });
    this.many = computed(() => this.layout.value.placements.length >= MANY);
    this.tabStop = computed(() => {
      const { placements } = this.layout.value;
      const focused = placements.find(({ id }) => id === this.focused.value);
      return (focused ?? placements[0])?.id;
    });
    // Before it is, a page has room for a few, and pictures would be moved for nothing.
    const isMeasured = computed(() => this.viewport.value.width > 0);
    this.#ends = [
      () => pages.close(),
      effect(() => {
        const looked = this.layout.value.placements.map(({ id }) => id);
        // A change may mean that a participant who is looked at has left.
        if (isMeasured.value && !isWhole.value && pages.shown.value) pages.look(looked);
      }),
      effect(() => {
        const present = this.tiles.value.map(({ id }) => id);
        this.#places.value = arrange(placesWith(this.#places.peek(), selfId), present);
      }),
      effect(() => {
        const { pages, perPage } = this.layout.value;
        if (pages === 1 || !isMeasured.value) return;
        const grid = shapes.value.filter(({ role }) => role === 'grid').map(({ id }) => id);
        const occupants = this.#occupants(performance.now() - RECENT_MS);
        this.#places.value = picturesFirst(this.#places.peek(), grid, perPage, occupants);
      }),
    ];
  }

  turnPage(step: -1 | 1): void {
    const { page, pages } = this.layout.peek();
    this.page.value = Math.min(Math.max(0, page + step), pages - 1);
  }

  /** @returns the tile that comes before or after another one on this page, in display order */
  neighbour(tileId: string, step: -1 | 1): string | undefined {
    const { placements } = this.layout.peek();
    const at = placements.findIndex(({ id }) => id === tileId);
    return at < 0 ? undefined : placements[at + step]?.id;
  }

  togglePin(tileId: string): void {
    this.pinned.value = this.pinned.value === tileId ? undefined : tileId;
  }

  setAspect(tileId: string, aspect: number): void {
    if (this.aspects.value.get(tileId) === aspect) return;
    this.aspects.value = new Map(this.aspects.value).set(tileId, aspect);
  }

  /** The participants who speak at this moment. Where there are several pages, they come onto this one. */
  heard(speaking: ReadonlySet<string>): void {
    const before = this.#speaking;
    this.#speaking = speaking;
    for (const id of speaking) {
      // A cough is one report, a sentence several. The viewer knows that they speak.
      if (before.has(id) && id !== this.#selfId) this.#bringIntoView(id);
    }
    for (const id of speaking) this.#spokeAt.set(id, performance.now());
    const voices = [...new Set([...speaking, ...this.#voices.peek()])].slice(0, MOST_VOICES);
    if (voices.some((id) => !this.#voices.peek().has(id))) this.#voices.value = new Set(voices);
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #bringIntoView(id: string): void {
    const { placements, pages } = this.layout.peek();
    if (pages === 1) return;
    const shown = placements.map((placement) => placement.id);
    const occupants = this.#occupants(Number.POSITIVE_INFINITY);
    this.#places.value = bringIntoView(this.#places.peek(), shown, id, occupants);
  }

  /** @param silentSince who spoke after this stays */
  #occupants(silentSince: number): Occupants {
    const tiles = this.byId.peek();
    const pinned = this.pinned.peek();
    return {
      mayGo: (id) =>
        id !== this.#selfId &&
        id !== pinned &&
        tiles.get(id)?.kind === 'participant' &&
        !this.#speaking.has(id) &&
        (this.#spokeAt.get(id) ?? Number.NEGATIVE_INFINITY) <= silentSince,
      hasPicture: (id) => {
        const tile = tiles.get(id);
        if (tile?.kind === 'screen' || tile?.kind === 'waiting') return true;
        return tile?.kind === 'participant' && tile.videoTrackId !== undefined;
      },
      spokeAt: this.#spokeAt,
    };
  }
}

/** The own tile is the first one, also where the room was known before the own join. */
function placesWith(places: readonly string[], selfId: string): readonly string[] {
  return places.length === 0 || places.includes(selfId) ? places : [selfId, ...places];
}
