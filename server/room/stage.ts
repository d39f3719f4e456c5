// Those of a large room whom everybody knows whole: whose voices and pictures clients receive unless they choose. Pure.
import type { Track } from '../../shared/room/room.ts';
import { type InterestLimits, RoomInterest } from './interest.ts';

/** The participants who came onto the stage, and those who left it. */
export interface StageChange {
  readonly entered: readonly string[];
  readonly left: readonly string[];
}

interface StageTrack {
  readonly trackId: string;
  readonly participantId: string;
  readonly kind: Track['kind'];
  readonly source: Track['source'];
}

/**
 * A voice that gave its place to another one is received a while longer, and may speak again. Whoever leaves the
 * stage earlier would be looked up by everybody.
 */
export const LINGER_MS = 10_000;

/**
 * It changes in {@link settle} alone, so that everybody has the same one in between. What that costs does not
 * depend on the size of the room.
 */
export class Stage {
  readonly #interest: RoomInterest<StageTrack>;
  /** By participant: since when others have the place, UTC or any other clock; undefined for those who have one. */
  readonly #members = new Map<string, number | undefined>();

  constructor(limits: InterestLimits) {
    this.#interest = new RoomInterest(limits);
  }

  get ids(): Iterable<string> {
    return this.#members.keys();
  }

  has(participantId: string): boolean {
    return this.#members.has(participantId);
  }

  publish({ id: trackId, participantId, kind, source, muted }: Track): void {
    const known = this.#interest.get(trackId);
    if (known?.participantId === participantId) this.#interest.mute(trackId, muted);
    else this.#interest.set({ trackId, participantId, kind, source }, { muted });
  }

  unpublish(trackId: string): void {
    this.#interest.remove(trackId);
  }

  mute(trackId: string, muted: boolean): void {
    this.#interest.mute(trackId, muted);
  }

  /**
   * @param trackIds of those who speak now, the loudest first
   * @returns whether that may change the stage
   */
  spoke(trackIds: readonly string[]): boolean {
    return this.#interest.spoke(trackIds);
  }

  /**
   * @param isPresent whether a participant is in the room
   * @param nowMs of any clock that goes on evenly
   */
  settle(isPresent: (participantId: string) => boolean, nowMs: number): StageChange {
    const { voices, pictures } = this.#interest.common;
    const wanted = new Set([...voices, ...pictures].map(({ participantId }) => participantId));
    const entered: string[] = [];
    for (const id of wanted) {
      if (!isPresent(id)) continue;
      if (!this.#members.has(id)) entered.push(id);
      this.#members.set(id, undefined);
    }
    const left: string[] = [];
    const leave = (id: string) => {
      this.#members.delete(id);
      left.push(id);
    };
    for (const [id, since] of this.#members) {
      if (!isPresent(id)) leave(id);
      else if (wanted.has(id)) continue;
      else if (since === undefined) this.#members.set(id, nowMs);
      else if (nowMs - since >= LINGER_MS) leave(id);
    }
    return { entered, left };
  }
}
