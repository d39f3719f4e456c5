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
  for (const [index, place] of places.entries()) {
    if (place !== undefined) continue;
    // A new participant takes a free place, so that no tile moves.
    const id = arriving.shift();
    if (id !== undefined) places[index] = id;
  }
  places.push(...arriving);
  return fillGaps(places);
}

/**
 * Where there are several pages: a tile that is not on this one changes places with the one there that has been
 * silent longest. All others stay.
 *
 * @param shown the tiles on this page, in display order
 * @param mayGo whether a tile may leave the page
 * @param spokeAt when each spoke last; absent: never
 * @returns `places` itself when nothing changes
 */
export function bringIntoView(
  places: readonly string[],
  shown: readonly string[],
  id: string,
  mayGo: (id: string) => boolean,
  spokeAt: ReadonlyMap<string, number>,
): readonly string[] {
  if (shown.includes(id) || !places.includes(id)) return places;
  const at = (each: string) => spokeAt.get(each) ?? Number.NEGATIVE_INFINITY;
  // When several never spoke, the tile in the last place goes. People look at the first places most.
  const goes = shown
    .filter(mayGo)
    .reduce<string | undefined>(
      (silent, each) => (silent === undefined || at(each) <= at(silent) ? each : silent),
      undefined,
    );
  if (goes === undefined) return places;
  return places.map((each) => (each === id ? goes : each === goes ? id : each));
}

function fillGaps(places: readonly (string | undefined)[]): string[] {
  const kept = places.filter((id) => id !== undefined);
  const spare = places.slice(kept.length).filter((id) => id !== undefined);
  return places.slice(0, kept.length).map((id) => id ?? spare.pop() ?? '');
}
