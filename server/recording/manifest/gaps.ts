// What should have been recorded and is in no file.
import { common, type Interval, union, without } from './intervals.ts';
import type { LineOf, ManifestLine } from './lines.ts';
import { type Presence, type PresentTrack, presenceOf } from './presence.ts';
import { segmentsOf, type TimelineSegment } from './segments.ts';

/** Missing for less than this is the rhythm of frames and packets. */
const LEAST_GAP_MS = 200;
/** A device that is switched on, and the first key frame, take as long as this: nothing was there to be recorded. */
const FIRST_FRAME_MS = 1_000;
/** The end of a track, or of the recording, is known to the room when its last frames are in the file, or a little later. */
const KNOWN_LATE_MS = 1_000;
/** Ends that the recorder was told of, and did not choose. */
const REGULAR: ReadonlySet<string> = new Set(['stopped', 'paused', 'declined', 'unpublished']);

/** When a track was to be recorded. */
function wantedOf(track: PresentTrack, presence: Presence): Interval[] {
  const live = without(without(track.published, track.muted), presence.pauses);
  if (!presence.asksConsent) return live;
  const agreed = presence.participants.find(({ id }) => id === track.participantId)?.agreed ?? [];
  return common(live, agreed);
}

function whyOf(
  gap: Interval,
  wanted: readonly Interval[],
  segments: readonly TimelineSegment[],
): LineOf<'gap'>['why'] {
  const before = segments.findLast(({ to }) => to <= gap.from + LEAST_GAP_MS);
  if (before?.why === 'disk') return 'disk';
  // Nothing came any more, of a sender who was not seen to leave until later.
  const lasts = wanted.some(({ to }) => Math.abs(to - gap.to) < 1);
  return before?.why === 'unpublished' && lasts ? 'silent' : 'lost';
}

/**
 * Lines for what is missing longer than 200 ms, and is not in `gap` lines yet. Segments of a track that overlap, as when
 * a participant moves between nodes, are no fault.
 *
 * @param lines a merged manifest: see merge.ts
 */
export function gapsOf(lines: readonly ManifestLine[]): LineOf<'gap'>[] {
  const presence = presenceOf(lines);
  const segments = segmentsOf(lines);
  const known = lines.filter((line): line is LineOf<'gap'> => line.type === 'gap');
  return presence.tracks.flatMap((track) => {
    const ofTrack = segments.get(track.id) ?? [];
    const wanted = wantedOf(track, presence);
    const covered = union([...ofTrack, ...known.filter(({ trackId }) => trackId === track.id)]);
    return without(wanted, covered)
      .filter(({ from, to }) => {
        const begins = wanted.some((each) => each.from === from);
        const hasMore = covered.some((each) => Math.abs(each.from - to) < 1);
        if (begins && hasMore) return to - from > FIRST_FRAME_MS;
        const ends = wanted.some((each) => each.to === to);
        const isRegular = ofTrack.some((each) => each.to === from && REGULAR.has(each.why));
        return to - from > (ends && isRegular ? KNOWN_LATE_MS : LEAST_GAP_MS);
      })
      .map(({ from, to }) => ({
        type: 'gap',
        at: to,
        trackId: track.id,
        participantId: track.participantId,
        from,
        to,
        why: whyOf({ from, to }, wanted, ofTrack),
      }));
  });
}
