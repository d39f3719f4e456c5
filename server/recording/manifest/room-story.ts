// What happened in the room, told once: from what several recorders saw of it, and said again as they began.
import type { ManifestLine } from './lines.ts';
import { byVersion, isRoomFact, type RoomFact } from './order.ts';

/** What a log says of the room as it begins: all that is there at this version. */
interface Restatement {
  version: number;
  at: number;
  participants: ReadonlySet<string>;
  tracks: ReadonlySet<string>;
}

interface KnownTrack {
  participantId: string;
  muted: boolean;
}

/** The room as the facts so far have it. */
class Room {
  readonly participants = new Map<string, string>();
  readonly tracks = new Map<string, KnownTrack>();
  readonly consents = new Map<string, boolean>();
  readonly #chat = new Set<string>();
  #paused = false;
  #stopped = false;

  /** @returns the facts that say what was not known: none for one that repeats */
  take(fact: RoomFact): RoomFact[] {
    switch (fact.type) {
      case 'joined': {
        const known = `${fact.role} ${fact.name}`;
        if (this.participants.get(fact.participantId) === known) return [];
        this.participants.set(fact.participantId, known);
        return [fact];
      }
      case 'left':
        for (const [trackId, { participantId }] of this.tracks) {
          if (participantId === fact.participantId) this.tracks.delete(trackId);
        }
        return this.participants.delete(fact.participantId) ? [fact] : [];
      case 'published':
        return this.#published(fact);
      case 'unpublished':
        return this.tracks.delete(fact.trackId) ? [fact] : [];
      case 'muted': {
        const track = this.tracks.get(fact.trackId);
        if (track === undefined || track.muted === fact.muted) return [];
        track.muted = fact.muted;
        return [fact];
      }
      case 'chat':
        if (this.#chat.has(fact.id)) return [];
        this.#chat.add(fact.id);
        return [fact];
      case 'consent':
        if (this.consents.get(fact.participantId) === fact.consent) return [];
        this.consents.set(fact.participantId, fact.consent);
        return [fact];
      case 'paused':
        if (this.#paused === fact.paused) return [];
        this.#paused = fact.paused;
        return [fact];
      case 'stopped':
        if (this.#stopped) return [];
        this.#stopped = true;
        return [fact];
    }
  }

  #published(fact: Extract<RoomFact, { type: 'published' }>): RoomFact[] {
    const { trackId, participantId, muted, at, version } = fact;
    const known = this.tracks.get(trackId);
    if (known !== undefined) return this.take({ type: 'muted', at, version, trackId, muted });
    this.tracks.set(trackId, { participantId, muted });
    return [fact];
  }

  /** Nobody saw them go: no recorder was there at that time. */
  goneBefore({ at, version, participants, tracks }: Restatement): RoomFact[] {
    const unpublished = [...this.tracks.keys()]
      .filter((trackId) => !tracks.has(trackId))
      .toSorted()
      .map((trackId): RoomFact => ({ type: 'unpublished', at, version, trackId }));
    const left = [...this.participants.keys()]
      .filter((participantId) => !participants.has(participantId))
      .toSorted()
      .map((participantId): RoomFact => ({ type: 'left', at, version, participantId }));
    return [...unpublished, ...left].flatMap((fact) => this.take(fact));
  }
}

/** The facts right after its `begin`, as long as they have one version and say who and what is there. */
function restatementOf(log: readonly ManifestLine[]): Restatement | undefined {
  const begin = log.findIndex(({ type }) => type === 'begin');
  const first = log[begin + 1];
  if (begin < 0 || first === undefined || !isRoomFact(first)) return undefined;
  const { at, version } = first;
  const participants = new Set<string>();
  const tracks = new Set<string>();
  for (const line of log.slice(begin + 1)) {
    if (!isRoomFact(line) || line.version !== version) break;
    if (line.type === 'joined') participants.add(line.participantId);
    else if (line.type === 'published') tracks.add(line.trackId);
    else if (line.type !== 'consent' && line.type !== 'paused') break;
  }
  return participants.size === 0 ? undefined : { version, at, participants, tracks };
}

/**
 * Each fact once, in the order of the room's versions, with times that never go back: clocks of nodes differ.
 *
 * @param startedAt UTC milliseconds: no fact of the recording is older
 */
export function roomStory(
  logs: readonly (readonly ManifestLine[])[],
  startedAt: number,
): RoomFact[] {
  const restatements = logs
    .map(restatementOf)
    .filter((each) => each !== undefined)
    .toSorted((one, other) => one.version - other.version || one.at - other.at);
  const facts = logs.flat().filter(isRoomFact).toSorted(byVersion);
  const room = new Room();
  const story: RoomFact[] = [];
  let at = startedAt;
  const tell = (told: readonly RoomFact[]) => {
    for (const fact of told) {
      at = Math.max(at, fact.at);
      story.push({ ...fact, at });
    }
  };
  let next = 0;
  for (const fact of facts) {
    while ((restatements[next]?.version ?? Infinity) < fact.version) {
      const restatement = restatements[next++];
      if (restatement !== undefined) tell(room.goneBefore(restatement));
    }
    tell(room.take(fact));
  }
  for (const restatement of restatements.slice(next)) tell(room.goneBefore(restatement));
  return story;
}
