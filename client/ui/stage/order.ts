// The order of tiles: participants keep their places, whatever others do. Pure.

/**
 * The places of `present` after a change. Participants keep theirs. The last ones move into the places of those
 * who left, so one departure moves one tile. New ones are appended.
 *
 * @returns `previous` itself when nothing changed.
 */
export function arrange(
  previous: readonly string[],
  present: readonly string[],
): readonly string[] {
  const left = new Set(present);
  const places: (string | undefined)[] = previous.map((id) => (left.delete(id) ? id : undefined));
  const arriving = [...left];
  if (arriving.length === 0 && !places.includes(undefined)) return previous;
  let next = 0;
  for (const [index, place] of places.entries()) {
    if (place !== undefined) continue;
    // A new participant takes a free place, so that no tile moves.
    const id = arriving[next];
    if (id === undefined) break;
    places[index] = id;
    next += 1;
  }
  places.push(...arriving.slice(next));
  return fillGaps(places);
}

/** What a change of places may depend on, where there are several pages. */
export interface Occupants {
  /** Whether a tile may leave its page for another one. */
  mayGo(id: string): boolean;
  hasPicture(id: string): boolean;
  /** When each spoke last; absent: never. */
  spokeAt: ReadonlyMap<string, number>;
}

/**
 * Where there are several pages: a tile that is not on this one changes places with the one there that has been
 * silent longest, of those without a picture first. All others stay.
 *
 * @param shown the tiles on this page, in display order
 * @returns `places` itself when nothing changes
 */
export function bringIntoView(
  places: readonly string[],
  shown: readonly string[],
  id: string,
  { mayGo, hasPicture, spokeAt }: Occupants,
): readonly string[] {
  if (shown.includes(id) || !places.includes(id)) return places;
  const at = (each: string) => spokeAt.get(each) ?? Number.NEGATIVE_INFINITY;
  const candidates = shown.filter(mayGo);
  const pictureless = candidates.filter((each) => !hasPicture(each));
  const from = pictureless.length > 0 ? pictureless : candidates;
  // When several never spoke, the tile in the last place goes. People look at the first places most.
  const goes = from.reduce<string | undefined>(
    (silent, each) => (silent === undefined || at(each) <= at(silent) ? each : silent),
    undefined,
  );
  return goes === undefined ? places : swapped(places, new Map([[id, goes]]));
}

/**
 * Where there are several pages: no tile with a picture is on a later page than one without. It changes places
 * with that one; all others stay, and inside a page nothing moves.
 *
 * @param grid the tiles that have places on pages, in display order
 * @param perPage how many of them a page has
 * @returns `places` itself when nothing changes
 */
export function picturesFirst(
  places: readonly string[],
  grid: readonly string[],
  perPage: number,
  { mayGo, hasPicture }: Pick<Occupants, 'mayGo' | 'hasPicture'>,
): readonly string[] {
  const pageOf = (index: number) => Math.floor(index / perPage);
  const swaps = new Map<string, string>();
  const free = freePlaces(grid, perPage, (id) => mayGo(id) && !hasPicture(id));
  let next = free.next();
  // From the last page on: whoever is there is the farthest from being seen.
  for (let index = grid.length - 1; index >= 0 && !next.done; index--) {
    const id = grid[index];
    if (id === undefined || !hasPicture(id)) continue;
    if (pageOf(next.value) >= pageOf(index)) break;
    const goes = grid[next.value];
    if (goes !== undefined) swaps.set(id, goes);
    next = free.next();
  }
  return swaps.size === 0 ? places : swapped(places, swaps);
}

/** Indices in `grid` of tiles that may be replaced: page by page, and on each from the last place on. */
function* freePlaces(
  grid: readonly string[],
  perPage: number,
  isFree: (id: string) => boolean,
): Generator<number, undefined> {
  for (let start = 0; start < grid.length; start += perPage) {
    for (let index = Math.min(start + perPage, grid.length) - 1; index >= start; index--) {
      const id = grid[index];
      if (id !== undefined && isFree(id)) yield index;
    }
  }
  return undefined;
}

function swapped(places: readonly string[], swaps: ReadonlyMap<string, string>): string[] {
  const back = new Map([...swaps].map(([id, other]) => [other, id]));
  return places.map((id) => swaps.get(id) ?? back.get(id) ?? id);
}

function fillGaps(places: readonly (string | undefined)[]): string[] {
  const kept = places.filter((id) => id !== undefined);
  const spare = places.slice(kept.length).filter((id) => id !== undefined);
  return places.slice(0, kept.length).map((id) => id ?? spare.pop() ?? '');
}
