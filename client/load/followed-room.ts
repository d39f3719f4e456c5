// The room as one light participant follows it: the pictures there, whole or in part, and the version.
import type { MethodParams } from '../../shared/protocol/protocol.ts';
import type { RosterChange } from '../../shared/protocol/roster-messages.ts';
import type { RoomPatch } from '../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../shared/room/room.ts';
import { View } from './wants.ts';

export class FollowedRoom {
  readonly view: View;
  version = 0;
  #selfId = '';
  /** How many share a picture; undefined where all of them are known. */
  #pictured: number | undefined;

  readonly #onChange: () => void;

  constructor(layout: number, viewer: string, onChange: () => void) {
    this.#onChange = onChange;
    this.view = new View(layout, viewer);
  }

  adopt({ version, tracks, pictured }: RoomSnapshot, selfId = this.#selfId): void {
    this.version = version;
    this.#selfId = selfId;
    this.#pictured = pictured;
    this.view.set(tracks, selfId);
  }

  follow(patches: readonly RoomPatch[]): void {
    for (const { version, ops } of patches) {
      this.version = version;
      for (const op of ops) this.view.follow(op, this.#selfId);
    }
    this.#onChange();
  }

  /** A change of the part of a large room that the server keeps us up to date about. */
  change({ version, ops, away }: RosterChange): void {
    this.version = Math.max(this.version, version);
    for (const op of ops) this.view.follow(op, this.#selfId);
    for (const participantId of away) {
      this.view.follow({ op: 'leave', participantId }, this.#selfId);
    }
    this.#onChange();
  }

  /** Pictures of a large room that are to be asked for besides those that everybody knows. */
  get page(): MethodParams<'participants'> | undefined {
    return this.#pictured === undefined ? undefined : this.view.page(this.#pictured);
  }

  add(tracks: RoomSnapshot['tracks']): void {
    this.view.add(tracks, this.#selfId);
  }
}
