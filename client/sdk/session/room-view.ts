// The room as the server last sent it: applies patches in order and notices a gap.
import { applyPatch, type RoomPatch } from '../../../shared/room/operations.ts';
import { emptyRoom, type RoomSnapshot } from '../../../shared/room/room.ts';

/** Messages kept in the page: a long meeting's worth. */
const CHAT_HISTORY = 1_000;

export class RoomView {
  #snapshot: RoomSnapshot;

  constructor(room: string) {
    this.#snapshot = emptyRoom(room);
  }

  get snapshot(): RoomSnapshot {
    return this.#snapshot;
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

  /**
   * @returns `applied`; `old` when it is in the state already; `gap` when something before it is
   *   missing, so that a snapshot is needed
   */
  apply(patch: RoomPatch): 'applied' | 'old' | 'gap' {
    if (patch.version <= this.#snapshot.version) return 'old';
    const next = applyPatch(this.#snapshot, patch, { chatHistory: CHAT_HISTORY });
    if (!next) return 'gap';
    this.#snapshot = next;
    return 'applied';
  }
}
