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

function fillGaps(places: readonly (string | undefined)[]): string[] {
  const kept = places.filter((id) => id !== undefined);
  const spare = places.slice(kept.length).filter((id) => id !== undefined);
  return places.slice(0, kept.length).map((id) => id ?? spare.pop() ?? '');
}
