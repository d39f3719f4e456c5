// Whether a picture is recorded in a smaller layer than its sender sends. Pure.

/** What is looked at of mediasoup's consumer. */
export interface Simulcast {
  readonly type: string;
  readonly producerPaused: boolean;
  /** The scores of the producer's streams, the smallest first: 0 for one that brings nothing. */
  readonly score: { readonly producerScores: readonly number[] };
  readonly currentLayers?: { readonly spatialLayer: number } | undefined;
}

/** @returns the layer in which it comes, when there is a better one */
export function layerBelowBest(consumer: Simulcast): number | undefined {
  const { type, producerPaused, score, currentLayers } = consumer;
  if (type !== 'simulcast' || producerPaused || !currentLayers) return undefined;
  const best = score.producerScores.findLastIndex((each) => each > 0);
  return currentLayers.spatialLayer < best ? currentLayers.spatialLayer : undefined;
}
