// What stays the same from one picture of the stage to the next: objects, and tiles in the document. Pure.
import type { Layout } from './layout.ts';

/** Tiles that were shown before stay in the document this long: turning a page back is common. */
const MOST_KEPT = 49;

/** @returns `before` itself, or its placements, where nothing changed: what is equal is drawn once. */
export function steadyLayout(before: Layout, next: Layout): Layout {
  const known = new Map(before.placements.map((placement) => [placement.id, placement]));
  const placements = next.placements.map((placement) => {
    const old = known.get(placement.id);
    return old && isEqual(old, placement) ? old : placement;
  });
  const same =
    placements.length === before.placements.length &&
    placements.every((placement, index) => placement === before.placements[index]);
  const { page, pages, perPage } = next;
  if (same && isEqual({ page, pages, perPage }, pick(before))) return before;
  return { ...next, placements };
}

/**
 * The tiles in the document after a change: those shown, and those shown last before, hidden. Their videos are
 * the same elements when the page is turned back.
 *
 * @param before the answer of the last change
 */
export function tilesInDocument(
  before: readonly string[],
  shown: readonly string[],
  isPresent: (id: string) => boolean,
): readonly string[] {
  const onPage = new Set(shown);
  const hidden = before.filter((id) => !onPage.has(id) && isPresent(id)).slice(0, MOST_KEPT);
  const next = [...shown, ...hidden];
  const same = next.length === before.length && next.every((id, index) => id === before[index]);
  return same ? before : next;
}

/** Whether two objects have the same values. */
export function isEqual<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(a) as (keyof T)[];
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => {
      const [one, other] = [a[key], b[key]];
      if (one === other) return true;
      return isObject(one) && isObject(other) && isEqual(one, other);
    })
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function pick({ page, pages, perPage }: Layout): Omit<Layout, 'placements'> {
  return { page, pages, perPage };
}
