// What is wanted of one track on one router: by the participants there, and by pipes to other routers and nodes.
import { NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import { type Demand, DemandCounts, type Settling, settle, UNSETTLED } from '../../room/demand.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

/** One who receives the track. */
export interface TrackUse {
  want(demand: Demand): void;
  /** Idempotent. */
  end(): void;
}

export class TrackDemand {
  readonly #resources: Resources;
  readonly #participants = new DemandCounts();
  /** Routers and nodes have settled theirs already: a second delay would add up. */
  readonly #pipes = new DemandCounts();
  readonly #listeners = new Set<(demand: Demand) => void>();
  #settling: Settling;
  #current: Demand;
  #timer: Timer | undefined;
  #closed = false;

  constructor(resources: Resources, begins: Settling = UNSETTLED) {
    this.#resources = resources;
    this.#settling = begins;
    this.#current = begins.demand;
    this.#update();
  }

  /** The highest layer that has to be sent at the moment. */
  get current(): Demand {
    return this.#current;
  }

  /** Called with every change. */
  onChange(listener: (demand: Demand) => void): void {
    this.#listeners.add(listener);
  }

  /** @param by a pipe's demand falls at once, a participant's later */
  use(demand: Demand, by: 'participant' | 'pipe'): TrackUse {
    const counts = by === 'pipe' ? this.#pipes : this.#participants;
    let now: Demand | undefined = demand;
    counts.add(demand);
    this.#update();
    const change = (next: Demand | undefined) => {
      if (now === undefined || next === now) return;
      counts.remove(now);
      if (next !== undefined) counts.add(next);
      now = next;
      this.#update();
    };
    return { want: change, end: () => change(undefined) };
  }

  /** The track has ended. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#stopTimer();
    this.#listeners.clear();
  }

  #update(): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    const before = this.#settling;
    this.#settling = settle(before, this.#participants.highest, nowMs);
    const { demand, fallsAtMs } = this.#settling;
    if (fallsAtMs !== before.fallsAtMs) this.#stopTimer();
    if (fallsAtMs !== undefined) {
      this.#timer ??= this.#resources.after(fallsAtMs - nowMs, () => {
        this.#timer = undefined;
        this.#update();
      });
    }
    const current = Math.max(NO_LAYER, demand, this.#pipes.highest);
    if (current === this.#current) return;
    this.#current = current;
    for (const listener of this.#listeners) listener(current);
  }

  #stopTimer(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }
}
