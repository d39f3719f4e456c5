// The room as the server last sent it, whole or in part: applies changes in order and notices a gap.
import type { RoomSize, RosterChange } from '../../../shared/protocol/roster-messages.ts';
import type { ParticipantPage } from '../../../shared/room/listing.ts';
import { applyPatch, type RoomPatch } from '../../../shared/room/operations.ts';
import { emptyRoom, type RoomSnapshot } from '../../../shared/room/room.ts';

/** Messages kept in the page: a long meeting's worth. */
const CHAT_HISTORY = 1_000;

/** `old`: it is in the state already. `gap`: something before it is missing, so that a snapshot is needed. */
export type Outcome = 'applied' | 'old' | 'gap';

export class RoomView {
  #snapshot: RoomSnapshot;

  constructor(room: string) {
    this.#snapshot = emptyRoom(room);
  }

  get snapshot(): RoomSnapshot {
    return this.#snapshot;
  }

  /** The room is a large one: the snapshot has a part of it. */
  get isPart(): boolean {
    return this.#snapshot.count !== undefined;
  }

  /** How many participants the room has. */
  get count(): number {
    return this.#snapshot.count ?? this.#snapshot.participants.length;
  }

  /** Takes a snapshot unless it is older than what we have, and keeps the chat we already saw. */
  replace(snapshot: RoomSnapshot): void {
    if (snapshot.version < this.#snapshot.version) return;
    this.adopt(snapshot);
  }

  /** Takes a snapshot whatever its version: a new session may be in a new room of the same name. */
  adopt(snapshot: RoomSnapshot): void {
    const known = new Set(snapshot.chat.map(({ id }) => id));
    const older = this.#snapshot.chat.filter(({ id }) => !known.has(id));
    const chat = [...older, ...snapshot.chat].toSorted((a, b) => a.sentAt - b.sentAt);
    this.#snapshot = { ...snapshot, chat: chat.slice(-CHAT_HISTORY) };
  }

  apply(patch: RoomPatch): Outcome {
    if (patch.version <= this.#snapshot.version) return 'old';
    const next = applyPatch(this.#snapshot, patch, { chatHistory: CHAT_HISTORY });
    if (!next) return 'gap';
    this.#snapshot = next;
    return 'applied';
  }

  /** Changes of the part that we know. Those that it has already are in it twice without harm. */
  change({ since, version, ops, away, count, pictured }: RosterChange): Outcome {
    const before = this.#snapshot;
    if (!this.isPart || since > before.version) return 'gap';
    const base = { ...before, version: version - 1 };
    const next = applyPatch(base, { version, ops }, { chatHistory: CHAT_HISTORY }) ?? before;
    const gone = new Set(away);
    this.#snapshot = {
      ...next,
      ...{ version: Math.max(before.version, version), count, pictured },
      participants: next.participants.filter(({ id }) => !gone.has(id)),
      tracks: next.tracks.filter(({ participantId }) => !gone.has(participantId)),
    };
    return 'applied';
  }

  /**
   * The size of a large room, which changes without a change of the part that we know.
   * @returns whether it is another one
   */
  resize({ count, pictured }: RoomSize): boolean {
    if (!this.isPart || count === undefined || pictured === undefined) return false;
    if (count === this.#snapshot.count && pictured === this.#snapshot.pictured) return false;
    this.#snapshot = { ...this.#snapshot, count, pictured };
    return true;
  }

  /** The server keeps us up to date about these from now on. */
  add({ participants, tracks }: Pick<ParticipantPage, 'participants' | 'tracks'>): void {
    if (!this.isPart) return;
    const before = this.#snapshot;
    const newer = new Map(participants.map((participant) => [participant.id, participant]));
    const known = new Set(before.participants.map(({ id }) => id));
    this.#snapshot = {
      ...before,
      participants: [
        ...before.participants.map((participant) => newer.get(participant.id) ?? participant),
        ...participants.filter(({ id }) => !known.has(id)),
      ],
      tracks: [
        ...before.tracks.filter(({ participantId }) => !newer.has(participantId)),
        ...tracks,
      ],
    };
  }
}
