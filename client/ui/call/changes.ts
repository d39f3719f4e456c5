// Changes between two states of a room, in words for screen readers. Pure.
import type { Participant, RoomSnapshot } from '../../../shared/room/room.ts';

/** Rooms up to this size have arrivals and departures read out. In larger ones nothing else would be heard. */
const NAMED_UP_TO = 50;

/**
 * Arrivals and departures, in at most one sentence each, and screens.
 *
 * @param count how many participants the room has. Those of a large room that the client knows come and go
 * with what is looked at.
 */
export function describeChanges(
  before: RoomSnapshot,
  after: RoomSnapshot,
  selfId: string,
  count = after.participants.length,
): string[] {
  const named = count <= NAMED_UP_TO && before.participants !== after.participants;
  const came = named ? missingIn(before.participants, after.participants, selfId) : [];
  const went = named ? missingIn(after.participants, before.participants, selfId) : [];
  const sentences: string[] = [];
  if (before.tracks === after.tracks && !named) return sentences;
  if (came.length > 0) sentences.push(`${names(came)} joined.`);
  if (went.length > 0) sentences.push(`${names(went)} left.`);
  for (const track of after.tracks) {
    if (track.source !== 'screen' || track.participantId === selfId) continue;
    if (before.tracks.some(({ id }) => id === track.id)) continue;
    const sender = after.participants.find(({ id }) => id === track.participantId);
    if (sender && !came.includes(sender)) sentences.push(`${sender.name} shares a screen.`);
  }
  return sentences;
}

function missingIn(
  list: readonly Participant[],
  others: readonly Participant[],
  selfId: string,
): Participant[] {
  const known = new Set(list.map(({ id }) => id));
  return others.filter(({ id }) => id !== selfId && !known.has(id));
}

function names(participants: readonly Participant[]): string {
  const [first, second] = participants;
  if (participants.length === 1) return first?.name ?? '';
  if (participants.length === 2) return `${first?.name} and ${second?.name}`;
  return `${first?.name} and ${participants.length - 1} others`;
}
