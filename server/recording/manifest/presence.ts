// From the facts of a manifest to spells: who was there, which tracks were there, muted, paused, agreed to.
import { type Interval, Spell, union } from './intervals.ts';
import type { LineOf, ManifestLine } from './lines.ts';
import { isRoomFact } from './order.ts';

export interface PresentParticipant {
  id: string;
  /** Each name with the time from which it was used. The first is that of the join. */
  names: { from: number; name: string }[];
  present: Interval[];
  /** Whether they agreed to be recorded, where everybody is asked. */
  agreed: Interval[];
}

export interface PresentTrack {
  id: string;
  participantId: string;
  kind: 'audio' | 'video';
  source: LineOf<'published'>['source'];
  published: Interval[];
  muted: Interval[];
}

export interface Presence {
  startMs: number;
  endMs: number;
  /** Whether it has ended; it may go on otherwise. */
  stopped: boolean;
  /** Whether participants were asked. */
  asksConsent: boolean;
  pauses: Interval[];
  /** In the order in which they came. */
  participants: PresentParticipant[];
  tracks: PresentTrack[];
}

type OpenParticipant = Pick<PresentParticipant, 'id' | 'names'> & {
  present: Spell;
  agreed: Spell;
};
type OpenTrack = Pick<PresentTrack, 'id' | 'participantId' | 'kind' | 'source'> & {
  published: Spell;
  muted: Spell;
};

/** The end: said by `stopped`, else when the last one left, else the last that is known. */
function endOf(lines: readonly ManifestLine[]): { endMs: number; stopped: boolean } {
  const stopped = lines.find(({ type }) => type === 'stopped');
  if (stopped !== undefined) return { endMs: stopped.at, stopped: true };
  const present = new Set<string>();
  let emptyAt: number | undefined;
  let last = 0;
  for (const line of lines) {
    if (line.type === 'joined') {
      present.add(line.participantId);
      emptyAt = undefined;
    } else if (line.type === 'left' && present.delete(line.participantId) && present.size === 0) {
      emptyAt = line.at;
    }
    // What a recorder wrote as it ended tells nothing of the room.
    if (line.type !== 'close' && line.type !== 'begin') last = Math.max(last, line.at);
  }
  return { endMs: emptyAt ?? last, stopped: emptyAt !== undefined };
}

/** @param lines a merged manifest */
export function presenceOf(lines: readonly ManifestLine[]): Presence {
  const participants = new Map<string, OpenParticipant>();
  const tracks = new Map<string, OpenTrack>();
  const paused = new Spell();
  const begin = lines.find(({ type }) => type === 'begin');
  const startMs = begin?.type === 'begin' ? begin.startedAt : (lines[0]?.at ?? 0);
  const { endMs, stopped } = endOf(lines);

  function participant(id: string): OpenParticipant {
    const known = participants.get(id);
    if (known !== undefined) return known;
    const made = { id, names: [], present: new Spell(), agreed: new Spell() };
    participants.set(id, made);
    return made;
  }

  function endTrack(track: OpenTrack, at: number) {
    track.published.set(false, at);
    track.muted.set(false, at);
  }

  for (const line of lines) {
    if (!isRoomFact(line)) continue;
    const { at } = line;
    switch (line.type) {
      case 'joined': {
        const { names, present } = participant(line.participantId);
        if (names.at(-1)?.name !== line.name) names.push({ from: at, name: line.name });
        present.set(true, at);
        break;
      }
      case 'left':
        participant(line.participantId).present.set(false, at);
        for (const track of tracks.values()) {
          if (track.participantId === line.participantId) endTrack(track, at);
        }
        break;
      case 'published': {
        const { trackId: id, participantId, kind, source } = line;
        const track = tracks.get(id) ?? {
          id,
          participantId,
          kind,
          source,
          published: new Spell(),
          muted: new Spell(),
        };
        tracks.set(id, track);
        track.published.set(true, at);
        track.muted.set(line.muted, at);
        break;
      }
      case 'unpublished': {
        const track = tracks.get(line.trackId);
        if (track !== undefined) endTrack(track, at);
        break;
      }
      case 'muted':
        tracks.get(line.trackId)?.muted.set(line.muted, at);
        break;
      case 'consent':
        participant(line.participantId).agreed.set(line.consent, at);
        break;
      case 'paused':
        paused.set(line.paused, at);
        break;
    }
  }
  const within = (spell: Spell) =>
    union(
      spell
        .until(endMs)
        .map(({ from, to }) => ({ from: Math.max(from, startMs), to: Math.min(to, endMs) })),
    );
  return {
    startMs,
    endMs,
    stopped,
    asksConsent: lines.some(({ type }) => type === 'consent'),
    pauses: within(paused),
    participants: [...participants.values()].map(({ id, names, present, agreed }) => ({
      id,
      names,
      present: within(present),
      agreed: within(agreed),
    })),
    tracks: [...tracks.values()].map(({ published, muted, ...track }) => ({
      ...track,
      published: within(published),
      muted: within(muted),
    })),
  };
}

/** @returns the name at that time; the first one before it; empty for one who never joined */
export function nameAt(names: readonly { from: number; name: string }[], at: number): string {
  return (names.findLast(({ from }) => from <= at) ?? names[0])?.name ?? '';
}
