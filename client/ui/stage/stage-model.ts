// The stage as signals: its tiles, the place of each, and the page that is shown.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { RoomSnapshot, Track } from '../../../shared/room/room.ts';
import { type Layout, layout, type Size } from './layout.ts';
import { arrange, bringIntoView, type Occupants, picturesFirst } from './order.ts';
import { steadyLayout, tilesInDocument } from './shown.ts';
import { stagingOf, type Tile, tilesOf } from './tiles.ts';

/** From this many tiles on nothing on the stage is animated: it would distract, and cost more than it tells. */
const MANY = 17;
/** Whoever spoke in this time is not moved for the sake of a picture: they may go on. */
const RECENT_MS = 30_000;

export interface StageInput {
  room: ReadonlySignal<RoomSnapshot>;
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
  readonly #ends: (() => void)[];

  constructor({ room, selfId, compact }: StageInput) {
    this.#selfId = selfId;
    const participants = computed(() => room.value.participants);
    this.tracks = computed(() => room.value.tracks);
    let known: readonly Tile[] = [];
    this.tiles = computed(() => {
      known = tilesOf(
        { participants: participants.value, tracks: this.tracks.value },
        selfId,
        known,
      );
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
    this.#ends = [
      effect(() => {
        const present = this.tiles.value.map(({ id }) => id);
        this.#places.value = arrange(this.#places.peek(), present);
      }),
      effect(() => {
        const { pages, perPage } = this.layout.value;
        if (pages === 1) return;
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
    // A cough is one report, a sentence several.
    for (const id of speaking) if (before.has(id)) this.#bringIntoView(id);
    for (const id of speaking) this.#spokeAt.set(id, performance.now());
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
        return tile?.kind === 'screen' || (tile?.kind === 'participant' && !!tile.videoTrackId);
      },
      spokeAt: this.#spokeAt,
    };
  }
}
