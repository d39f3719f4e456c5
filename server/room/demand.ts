// How much of a track has to be sent: the highest spatial layer that anybody receives.
import type { Preference } from '../../shared/protocol/media-messages.ts';
import { EVERY_LAYER, NO_LAYER } from '../../shared/protocol/media-messages.ts';
import type { TrackSource } from '../../shared/room/room.ts';

/** The highest spatial layer that is wanted; {@link NO_LAYER} when nobody receives the track. */
export type Demand = number;

/**
 * A layer that nobody wants any more is sent this long. A page that is turned and turned back would switch encoders
 * off and on, and each start costs a key frame. With a message to the sender it stays below two seconds.
 */
export const LOWER_AFTER_MS = 1_500;

/**
 * What one receiver wants of a track. A picture without a preferred layer may get the best there is. A voice that is
 * kept ready is wanted: its first word must not wait until other nodes have let it through, and silence costs next to
 * nothing.
 *
 * @param want undefined: it is not wanted at all
 */
export function demandOf(
  kind: 'audio' | 'video',
  want: { readonly paused: boolean } | undefined,
  { spatialLayer = EVERY_LAYER }: Preference = {},
): Demand {
  if (!want) return NO_LAYER;
  if (kind === 'audio') return EVERY_LAYER;
  return want.paused ? NO_LAYER : spatialLayer;
}

/**
 * A screen keeps all its layers: text in a lower one cannot be read, and an encoder that was off begins with few bits.
 * A screen that stands still costs little.
 */
export function sentLayer(source: TrackSource | undefined, demand: Demand): Demand {
  return source === 'screen' ? EVERY_LAYER : demand;
}

/** A demand that rises at once and falls later. */
export interface Settling {
  readonly demand: Demand;
  /** When it falls to what is wanted then. Milliseconds of the clock that `settle` is given. */
  readonly fallsAtMs: number | undefined;
}

/** A new track is sent whole: receivers are about to come. */
export const UNSETTLED: Settling = { demand: EVERY_LAYER, fallsAtMs: undefined };

/**
 * A track that moves has its receivers already, who come within this time and have it from elsewhere meanwhile. Twenty
 * cameras that move and send everything for longer are more than their nodes can carry.
 */
export const MOVED_LOWER_AFTER_MS = 300;

/** A track that moved to the node of its participant: whole until its receivers are there. */
export function movedAt(nowMs: number): Settling {
  return { demand: EVERY_LAYER, fallsAtMs: nowMs + MOVED_LOWER_AFTER_MS };
}

/** A picture that is brought from elsewhere: nothing but what is wanted of it. Whoever wants it is there already. */
export const BROUGHT: Settling = { demand: NO_LAYER, fallsAtMs: undefined };

export function settle(before: Settling, wanted: Demand, nowMs: number): Settling {
  if (wanted >= before.demand) return { demand: wanted, fallsAtMs: undefined };
  const { demand, fallsAtMs = nowMs + LOWER_AFTER_MS } = before;
  return nowMs < fallsAtMs ? { demand, fallsAtMs } : { demand: wanted, fallsAtMs: undefined };
}

/** How many want each layer: the highest of them is known without asking everybody. */
export class DemandCounts {
  /** Counts by demand plus one. */
  readonly #counts: number[] = Array.from({ length: EVERY_LAYER + 2 }, () => 0);

  get highest(): Demand {
    return Math.max(NO_LAYER, this.#counts.findLastIndex((count) => count > 0) - 1);
  }

  add(demand: Demand): void {
    this.#change(demand, 1);
  }

  remove(demand: Demand): void {
    this.#change(demand, -1);
  }

  #change(demand: Demand, by: number): void {
    this.#counts[demand + 1] = (this.#counts[demand + 1] ?? 0) + by;
  }
}
