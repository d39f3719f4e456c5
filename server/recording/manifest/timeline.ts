// A recording as it passes: who was there, what each track shows, who spoke, and when. All that a film is made from.
import type { Interval } from './intervals.ts';
import type { LineOf, ManifestLine } from './lines.ts';
import { type PresentParticipant, type PresentTrack, presenceOf } from './presence.ts';
import { segmentsOf, type TimelineSegment } from './segments.ts';

export type TimelineParticipant = Pick<PresentParticipant, 'id' | 'names' | 'present'>;

export interface TimelineTrack extends PresentTrack {
  segments: TimelineSegment[];
  gaps: (Interval & { why: LineOf<'gap'>['why'] })[];
}

/** Those who speak from this time on, the loudest first. */
export interface Speakers {
  at: number;
  participantIds: string[];
}

export interface TimelineChat {
  at: number;
  name: string;
  text: string;
}

/** All times are UTC milliseconds, by the clocks of media nodes. */
export interface Timeline {
  recording: string;
  room: string;
  startMs: number;
  endMs: number;
  /** Whether it has ended. */
  stopped: boolean;
  pauses: Interval[];
  /** In the order in which they came. */
  participants: TimelineParticipant[];
  tracks: TimelineTrack[];
  speakers: Speakers[];
  chat: TimelineChat[];
}

/** Nodes hear those who are on them: the loudest of each come before the second loudest of any. */
function speakersOf(lines: readonly ManifestLine[]): Speakers[] {
  const byOrigin = new Map<string, readonly string[]>();
  const changes: Speakers[] = [];
  for (const line of lines) {
    if (line.type !== 'speakers') continue;
    byOrigin.set(line.origin, line.participantIds);
    const lists = [...byOrigin.values()];
    const most = Math.max(...lists.map((list) => list.length));
    const ranked = Array.from({ length: most }, (_, rank) => lists.map((list) => list[rank]));
    const participantIds = [...new Set(ranked.flat())].filter((id) => id !== undefined);
    const last = changes.at(-1);
    if (last?.participantIds.join() === participantIds.join()) continue;
    if (last?.at === line.at) last.participantIds = participantIds;
    else changes.push({ at: line.at, participantIds });
  }
  return changes;
}

/** @param lines a merged manifest: see merge.ts */
export function timelineOf(lines: readonly ManifestLine[]): Timeline {
  const presence = presenceOf(lines);
  const segments = segmentsOf(lines);
  const begin = lines.find((line): line is LineOf<'begin'> => line.type === 'begin');
  const gaps = lines.filter((line): line is LineOf<'gap'> => line.type === 'gap');
  const gapsOf = Map.groupBy(gaps, ({ trackId }) => trackId);
  return {
    recording: begin?.recording ?? '',
    room: begin?.room ?? '',
    startMs: presence.startMs,
    endMs: presence.endMs,
    stopped: presence.stopped,
    pauses: presence.pauses,
    participants: presence.participants
      .filter(({ present }) => present.length > 0)
      .map(({ id, names, present }) => ({ id, names, present })),
    tracks: presence.tracks.map((track) => ({
      ...track,
      segments: segments.get(track.id) ?? [],
      gaps: (gapsOf.get(track.id) ?? []).map(({ from, to, why }) => ({ from, to, why })),
    })),
    speakers: speakersOf(lines),
    chat: lines
      .filter((line): line is LineOf<'chat'> => line.type === 'chat')
      .map(({ at, name, text }) => ({ at, name, text })),
  };
}
