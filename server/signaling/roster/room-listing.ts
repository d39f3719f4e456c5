// Finds a room's participants by name, in pages.
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { folded } from '../../../shared/room/listing.ts';
import type { Participant } from '../../../shared/room/room.ts';
import type { Roster } from '../../room/roster.ts';

export class RoomListing {
  /** Names without what a search does not compare, by participant. Made when they are searched for first. */
  readonly #names = new Map<string, { name: string; folded: string }>();

  /** @returns the participants on this page, and how many there are on all */
  page(
    roster: Roster,
    query: MethodParams<'participants'>,
  ): { participants: Participant[]; total: number } {
    const search = folded(query.search ?? '');
    const last = query.offset + query.limit;
    let total = 0;
    const participants: Participant[] = [];
    for (const participant of roster.participants) {
      if (query.with && !roster.hasPicture(participant.id)) continue;
      if (search !== '' && !this.#foldedName(participant).includes(search)) continue;
      if (total >= query.offset && total < last) participants.push(participant);
      total += 1;
    }
    return { participants, total };
  }

  forget(participantId: string): void {
    this.#names.delete(participantId);
  }

  clear(): void {
    this.#names.clear();
  }

  #foldedName({ id, name }: Participant): string {
    const known = this.#names.get(id);
    if (known?.name === name) return known.folded;
    const made = { name, folded: folded(name) };
    this.#names.set(id, made);
    return made.folded;
  }
}
