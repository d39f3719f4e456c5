// The participants of one room on this node: by id, by router, and by the tracks that they name.
import { Groups } from '../../room/groups.ts';
import type { ParticipantMedia } from '../endpoints/participant-media.ts';
import type { RoomRouter } from './room-router.ts';

/** The part of a participant that they are found by. */
type Known = Pick<ParticipantMedia, 'participantId' | 'router'>;

export class RoomParticipants<P extends Known = ParticipantMedia> {
  readonly #byId = new Map<string, P>();
  readonly #onRouter = new Map<RoomRouter, number>();
  readonly #byTrack = new Groups<string, P>();

  get all(): Iterable<P> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  get(participantId: string): P | undefined {
    return this.#byId.get(participantId);
  }

  /** How many are on this router. */
  on(router: RoomRouter): number {
    return this.#onRouter.get(router) ?? 0;
  }

  /** Those who have said what they want of one of these tracks. */
  naming(trackIds: readonly string[]): ReadonlySet<P> {
    return new Set(trackIds.flatMap((trackId) => this.#byTrack.of(trackId)));
  }

  /** In place of one with the same id. */
  add(participant: P): void {
    const before = this.#byId.get(participant.participantId);
    if (before) this.remove(before);
    this.#byId.set(participant.participantId, participant);
    this.#count(participant.router, 1);
  }

  /** Idempotent, and nothing for one that another has replaced. */
  remove(participant: P): void {
    if (this.#byId.get(participant.participantId) !== participant) return;
    this.#byId.delete(participant.participantId);
    this.#count(participant.router, -1);
  }

  named(participant: P, trackId: string, isNamed: boolean): void {
    if (isNamed) this.#byTrack.add(trackId, participant);
    else this.#byTrack.delete(trackId, participant);
  }

  clear(): void {
    this.#byId.clear();
    this.#onRouter.clear();
    this.#byTrack.clear();
  }

  #count(router: RoomRouter, more: number): void {
    const count = this.on(router) + more;
    if (count > 0) this.#onRouter.set(router, count);
    else this.#onRouter.delete(router);
  }
}
