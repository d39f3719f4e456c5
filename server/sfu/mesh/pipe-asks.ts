// What the receiving end of a pipe wants of each track on it, told to the sending end until that has taken it.
import { ParleyError } from '../../../shared/errors.ts';
import { EVERY_LAYER } from '../../../shared/protocol/media-messages.ts';
import type { MeshParams } from '../../cluster/messages/mesh.ts';
import type { Demand } from '../../room/demand.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';

export interface PipeAsksOptions {
  request(state: Pick<MeshParams<'demand'>, 'version' | 'layers'>): Promise<unknown>;
  resources: Resources;
}

/** A picture that somebody waits for depends on it. */
const RETRY = { firstMs: 100, maxMs: 2_000 };

export class PipeAsks {
  readonly #options: PipeAsksOptions;
  readonly #retry: Retry;
  readonly #layers = new Map<string, Demand>();
  #version = 0;
  /** The other end does not know it yet. */
  #isNews = false;
  #asking = false;
  /** The other end is of a release that sends everything. */
  #isMoot = false;
  #closed = false;

  constructor(options: PipeAsksOptions) {
    this.#options = options;
    this.#retry = new Retry({ ...RETRY, resources: options.resources });
  }

  of(producerId: string): Demand {
    return this.#layers.get(producerId) ?? EVERY_LAYER;
  }

  /** Changes of one turn of the event loop are asked for together. */
  ask(producerId: string, demand: Demand): void {
    if (this.of(producerId) === demand) return;
    if (demand === EVERY_LAYER) this.#layers.delete(producerId);
    else this.#layers.set(producerId, demand);
    this.#changed();
  }

  /** It is on the pipe no longer. When it comes again, it is wanted whole at first. */
  forget(producerId: string): void {
    if (this.#layers.delete(producerId)) this.#changed();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#retry.reset();
  }

  #changed(): void {
    this.#isNews = true;
    queueMicrotask(() => void this.#send());
  }

  async #send(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#isNews && !this.#isMoot && !this.#closed) {
        this.#isNews = false;
        await this.#options.request({
          version: ++this.#version,
          layers: Object.fromEntries(this.#layers),
        });
      }
      this.#retry.reset();
    } catch (error) {
      this.#isMoot = ParleyError.from(error).code === 'unknown_method';
      this.#isNews = true;
      if (!this.#isMoot && !this.#closed) this.#retry.later(() => void this.#send());
    } finally {
      this.#asking = false;
    }
  }
}
