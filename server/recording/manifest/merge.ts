// The logs of all recorders of a recording, merged to its manifest.
import type { LineOf, ManifestLine } from './lines.ts';
import { byTime, firstOf } from './order.ts';
import { roomStory } from './room-story.ts';

/** What was found in a file whose recorder did not say how it ended. */
export interface FoundFile {
  durationMs: number;
  bytes: number;
}

function linesOf<Type extends ManifestLine['type']>(
  lines: readonly ManifestLine[],
  ...types: Type[]
): LineOf<Type>[] {
  return lines.filter((line): line is LineOf<Type> => (types as string[]).includes(line.type));
}

/** The end that a recorder wrote; without one, that which says most of the segment. */
function truestEnd(ends: readonly LineOf<'end'>[]): LineOf<'end'> | undefined {
  return ends.toSorted(
    (one, other) =>
      Number(one.why === 'lost') - Number(other.why === 'lost') ||
      other.durationMs - one.durationMs ||
      byTime(one, other),
  )[0];
}

function endOf(
  segment: LineOf<'segment'>,
  told: readonly (LineOf<'clock'> | LineOf<'loss'>)[],
  ends: readonly LineOf<'end'>[],
  found: FoundFile | undefined,
): LineOf<'end'> {
  const end = truestEnd(ends);
  if (end !== undefined && (end.why !== 'lost' || found === undefined)) return end;
  const durationMs = found?.durationMs ?? Math.max(0, ...told.map(({ mediaMs }) => mediaMs));
  const at = Math.max(segment.at, segment.startedAt + durationMs, ...told.map((line) => line.at));
  const bytes = found?.bytes ?? 0;
  return { type: 'end', at, segment: segment.segment, why: 'lost', durationMs, bytes };
}

/**
 * The manifest: each fact once, in the order of time; every segment has an end. The order of the logs does not matter,
 * and a manifest is a log: merged again, alone or with logs that are part of it, it stays as it is.
 *
 * @param found by segment: what is in the files that have no `end` line, or one that says `lost`
 */
export function mergeLogs(
  logs: readonly (readonly ManifestLine[])[],
  found: ReadonlyMap<string, FoundFile> = new Map(),
): ManifestLine[] {
  const all = logs.flat().toSorted(byTime);
  const begins = firstOf(linesOf(all, 'begin'), ({ writer }) => writer);
  const segments = firstOf(linesOf(all, 'segment'), ({ segment }) => segment);
  const told = firstOf(
    linesOf(all, 'clock', 'loss'),
    (line) => `${line.type} ${line.segment} ${line.mediaMs}`,
  );
  const toldOf = Map.groupBy(told, ({ segment }) => segment);
  const endsOf = Map.groupBy(linesOf(all, 'end'), ({ segment }) => segment);
  const ends = segments.map((segment) =>
    endOf(
      segment,
      toldOf.get(segment.segment) ?? [],
      endsOf.get(segment.segment) ?? [],
      found.get(segment.segment),
    ),
  );
  return [
    ...begins,
    ...roomStory(logs, begins[0]?.at ?? -Infinity),
    ...segments,
    ...told,
    ...ends,
    ...firstOf(linesOf(all, 'speakers', 'gap'), (line) => JSON.stringify(line)),
    ...firstOf(linesOf(all, 'close'), ({ writer }) => writer),
  ].toSorted(byTime);
}
