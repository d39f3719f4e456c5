// Has mediasoup choose the layers of pictures again while their streams begin.
import type { Resources, Timer } from '../../telemetry/resources.ts';

/** What is looked at of mediasoup's consumer. */
export interface Layered {
  readonly closed: boolean;
  readonly paused: boolean;
  readonly producerPaused: boolean;
  readonly type: string;
  /** The scores of the producer's streams, 0 until the first packet of each. */
  readonly score: { readonly producerScores: readonly number[] };
  readonly preferredLayers?: { readonly temporalLayer?: number } | undefined;
  readonly currentLayers?: { readonly temporalLayer?: number } | undefined;
}

/** A picture that a participant receives. */
export interface BeginningPicture {
  /** Whether it has fewer temporal layers than it should have. */
  readonly isBehind: boolean;
  /** Has mediasoup choose the layers of all pictures on its transport. */
  chooseAgain(): Promise<void>;
}

/**
 * mediasoup gives a consumer only layers that have brought packets, and chooses when the consumer begins. A stream
 * whose first key frame was lost begins with a higher temporal layer, so that nothing is chosen; after a key frame only
 * the lowest is, which has a quarter of the frames. mediasoup chooses again with the sender's first report, a second
 * later. Milliseconds between the looks: two to four frames of 15 or 30 a second, then longer.
 */
export const LOOKS_MS = [100, 100, 200, 400] as const;

export class FirstLayers {
  readonly #pictures: () => Iterable<BeginningPicture>;
  readonly #resources: Resources;
  #looks = 0;
  #timer: Timer | undefined;
  #closed = false;

  /** @param pictures those that one transport brings */
  constructor(pictures: () => Iterable<BeginningPicture>, resources: Resources) {
    this.#pictures = pictures;
    this.#resources = resources;
  }

  /** A picture begins now. */
  begin(): void {
    this.#looks = 0;
    this.#later();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.close();
    this.#timer = undefined;
  }

  #later(): void {
    const pauseMs = LOOKS_MS[this.#looks];
    if (this.#closed || this.#timer || pauseMs === undefined) return;
    this.#timer = this.#resources.after(pauseMs, () => {
      this.#timer = undefined;
      this.#looks += 1;
      this.#look();
    });
  }

  #look(): void {
    for (const picture of this.#pictures()) {
      if (!picture.isBehind) continue;
      // One of them is enough: the bandwidth is distributed among all.
      void picture.chooseAgain();
      break;
    }
    // One whose first packet comes later is not behind yet.
    this.#later();
  }
}

export function isBehind(consumer: Layered): boolean {
  const { closed, paused, producerPaused, type, score, preferredLayers, currentLayers } = consumer;
  if (closed || paused || producerPaused || !score.producerScores.some((each) => each > 0))
    return false;
  if (type !== 'simulcast' && type !== 'svc') return false;
  const wanted = preferredLayers?.temporalLayer ?? 0;
  return wanted > (currentLayers?.temporalLayer ?? 0) || (wanted > 0 && !currentLayers);
}
