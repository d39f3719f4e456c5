// The sessions of one room at this replica, found by participant.
import type { RoomPatch } from '../../../shared/room/operations.ts';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import { Groups } from '../../room/groups.ts';
import type { PatchBatch } from './patch-batch.ts';

/** A session, as its room sees it. */
export interface RoomMember {
  readonly participantId: string;
  /** Whether the client understands a part of a room. */
  readonly takesParts: boolean;
  /** A change that names the participant, as soon as it is known. */
  onOwnPatch(patch: RoomPatch): void;
  /** All changes, in order; those of a large room several at a time. For members who know the whole room. */
  onPatches(batch: PatchBatch): void;
  /** An event about the room or a part of it, as text. */
  onRoomFrame(frame: string): void;
  /** A track of the participant was muted or unmuted, by the participant or by a host at any replica. */
  onMute(trackId: string, muted: boolean, version: number): void;
  /** An event of the room's media that concerns all participants, or this one. */
  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void;
}

/** While one session replaces another, a participant may have two. */
export class Members {
  readonly #all = new Set<RoomMember>();
  readonly #byParticipant = new Groups<string, RoomMember>();

  get all(): readonly RoomMember[] {
    return [...this.#all];
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  of(participantId: string): readonly RoomMember[] {
    return this.#byParticipant.of(participantId);
  }

  add(member: RoomMember): void {
    this.#all.add(member);
    this.#byParticipant.add(member.participantId, member);
  }

  /** @returns whether it was there */
  delete(member: RoomMember): boolean {
    this.#byParticipant.delete(member.participantId, member);
    return this.#all.delete(member);
  }
}
