// The segments of a track: where each lies in time, and which part of it is shown.
import { fitClock } from './clock-fit.ts';
import type { LineOf, ManifestLine } from './lines.ts';

export interface TimelineSegment {
  file: string;
  codec: string;
  width?: number;
  height?: number;
  epoch: number;
  /** What was captured at media time `m` was captured at `zeroMs + rate * m`, UTC milliseconds. */
  zeroMs: number;
  rate: number;
  /** In its own time, milliseconds. */
  durationMs: number;
  bytes: number;
  why: LineOf<'end'>['why'];
  /** UTC milliseconds: all that it holds. */
  from: number;
  to: number;
  /** UTC milliseconds: what of it is shown. A later one takes over where it begins. Empty when they are the same. */
  shownFrom: number;
  shownTo: number;
}

function timed(
  segment: LineOf<'segment'>,
  clocks: readonly LineOf<'clock'>[],
  end: LineOf<'end'> | undefined,
): TimelineSegment {
  const clock = fitClock(segment.startedAt, clocks);
  const durationMs =
    end?.durationMs ?? Math.max(0, ...clocks.slice(-1).map((line) => line.mediaMs));
  const to = clock.zeroMs + clock.rate * durationMs;
  return {
    file: segment.segment,
    codec: segment.codec,
    ...(segment.width !== undefined && { width: segment.width }),
    ...(segment.height !== undefined && { height: segment.height }),
    epoch: segment.epoch,
    ...clock,
    durationMs,
    bytes: end?.bytes ?? 0,
    why: end?.why ?? 'lost',
    from: clock.zeroMs,
    to,
    shownFrom: clock.zeroMs,
    shownTo: to,
  };
}

/** Says of each what of it is shown. @param segments of one track. They are changed. @returns them in order */
export function inTurn(segments: readonly TimelineSegment[]): TimelineSegment[] {
  const inOrder = segments.toSorted(
    (one, other) => one.from - other.from || one.epoch - other.epoch,
  );
  let takenOver = Infinity;
  for (const segment of inOrder.toReversed()) {
    segment.shownTo = Math.max(segment.shownFrom, Math.min(segment.to, takenOver));
    takenOver = Math.min(takenOver, segment.from);
  }
  return inOrder;
}

/** By track. @param lines a merged manifest */
export function segmentsOf(lines: readonly ManifestLine[]): Map<string, TimelineSegment[]> {
  const opened: LineOf<'segment'>[] = [];
  const clocks = new Map<string, LineOf<'clock'>[]>();
  const ends = new Map<string, LineOf<'end'>>();
  for (const line of lines) {
    if (line.type === 'segment') opened.push(line);
    else if (line.type === 'end') ends.set(line.segment, line);
    else if (line.type === 'clock') {
      const known = clocks.get(line.segment);
      if (known === undefined) clocks.set(line.segment, [line]);
      else known.push(line);
    }
  }
  const byTrack = Map.groupBy(opened, ({ trackId }) => trackId);
  return new Map(
    [...byTrack].map(([trackId, ofTrack]) => [
      trackId,
      inTurn(
        ofTrack.map((segment) =>
          timed(segment, clocks.get(segment.segment) ?? [], ends.get(segment.segment)),
        ),
      ),
    ]),
  );
}
