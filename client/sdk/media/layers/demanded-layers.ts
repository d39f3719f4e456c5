// The encodings of a track that anybody receives: the others are switched off. Pure.
import type { Encoding } from '../../../../shared/media/media.ts';
import { type Demand, EVERY_LAYER } from '../../../../shared/protocol/media-messages.ts';

/** The newer of two words of the server. Without any, everything is received. */
export function newerDemand(before: Demand | undefined, next: Demand | undefined) {
  return before && next && next.version < before.version ? before : next;
}

export function highestLayer(demand: Demand | undefined, trackId: string): number {
  return demand?.layers[trackId] ?? EVERY_LAYER;
}

/** @param highest the highest layer that is received; below 0: none */
export function demandedEncodings(encodings: readonly Encoding[], highest: number): Encoding[] {
  return encodings.map((encoding, layer) => ({
    ...encoding,
    active: (encoding.active ?? true) && layer <= highest,
  }));
}
