// One order for the lines of a manifest, the same from whichever logs they come.
import type { LineOf, ManifestLine } from './lines.ts';

/** What happened in the room, and has its version. */
export type RoomFact = LineOf<
  | 'joined'
  | 'left'
  | 'published'
  | 'unpublished'
  | 'muted'
  | 'chat'
  | 'consent'
  | 'paused'
  | 'stopped'
>;

export function isRoomFact(line: ManifestLine): line is RoomFact {
  return 'version' in line;
}

/** At the same time, what explains comes before what is explained. */
const RANKS: Readonly<Record<ManifestLine['type'], number>> = {
  begin: 0,
  joined: 1,
  consent: 1,
  published: 1,
  muted: 1,
  unpublished: 1,
  left: 1,
  chat: 1,
  paused: 1,
  stopped: 1,
  segment: 2,
  speakers: 3,
  clock: 3,
  loss: 3,
  end: 4,
  gap: 5,
  close: 6,
};

/** Within one version of the room. */
const FACT_RANKS: Readonly<Record<RoomFact['type'], number>> = {
  joined: 0,
  consent: 1,
  published: 2,
  muted: 3,
  unpublished: 4,
  left: 5,
  chat: 6,
  paused: 7,
  stopped: 8,
};

function byText(one: ManifestLine, other: ManifestLine): number {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** In the order in which the room changed. */
export function byVersion(one: RoomFact, other: RoomFact): number {
  return (
    one.version - other.version ||
    FACT_RANKS[one.type] - FACT_RANKS[other.type] ||
    one.at - other.at ||
    byText(one, other)
  );
}

/** In the order of time. */
export function byTime(one: ManifestLine, other: ManifestLine): number {
  return (
    one.at - other.at ||
    RANKS[one.type] - RANKS[other.type] ||
    (isRoomFact(one) && isRoomFact(other) ? byVersion(one, other) : byText(one, other))
  );
}

/** The first of each key, in the order in which they stand. */
export function firstOf<Line>(lines: readonly Line[], keyOf: (line: Line) => string): Line[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const key = keyOf(line);
    return !seen.has(key) && seen.add(key);
  });
}
