// What is received of the tracks of one media session, for its client: what nobody receives need not be sent.
import { type Demand, EVERY_LAYER } from '../../../shared/protocol/media-messages.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import { sentLayer } from '../../room/demand.ts';
import type { TrackDemand } from '../rooms/track-demand.ts';

/** A producer, as far as it matters here. */
interface Ending {
  readonly id: string;
  readonly closed: boolean;
  readonly observer: { once(event: 'close', listener: () => void): unknown };
}

export class SenderDemand {
  readonly #publish: (demand: Demand) => void;
  /** By producer: while a track changes its codec it has two. */
  readonly #sent = new Map<string, { readonly trackId: string; readonly layer: number }>();
  #version = 0;
  #isUnderstood = false;

  /** @param publish sends it to the client, on each change */
  constructor(publish: (demand: Demand) => void) {
    this.#publish = publish;
  }

  /** Undefined for a client that would not understand it. */
  get state(): Demand | undefined {
    if (!this.#isUnderstood) return undefined;
    const layers = new Map<string, number>();
    for (const { trackId, layer } of this.#sent.values()) {
      layers.set(trackId, Math.max(layer, layers.get(trackId) ?? layer));
    }
    const named = [...layers].filter(([, layer]) => layer !== EVERY_LAYER);
    return { version: this.#version, layers: Object.fromEntries(named) };
  }

  /** Whether the client, and the replica that has its session, understand it. They may have changed. */
  understoodBy(isUnderstood: boolean): void {
    this.#isUnderstood = isUnderstood;
  }

  /** A producer that the client sends a track with. */
  follow(
    trackId: string,
    source: TrackSource | undefined,
    producer: Ending,
    demand: TrackDemand,
  ): void {
    if (producer.closed) return;
    const { id } = producer;
    const set = (layer: number) => this.#change(() => this.#sent.set(id, { trackId, layer }));
    set(sentLayer(source, demand.current));
    demand.onChange((wanted) => set(sentLayer(source, wanted)));
    producer.observer.once('close', () => this.#change(() => this.#sent.delete(id)));
  }

  #change(action: () => void): void {
    const before = JSON.stringify(this.state?.layers);
    action();
    const { state } = this;
    if (!state || JSON.stringify(state.layers) === before) return;
    this.#version += 1;
    this.#publish({ ...state, version: this.#version });
  }
}
