// The layers of a consumer that a client's preference means. Pure.
import type { Preference } from '../../../shared/protocol/media-messages.ts';

interface Layers {
  readonly spatialLayer: number;
  readonly temporalLayer?: number;
}

/** The spatial and temporal layers of a mode, as `L1T3` (W3C WebRTC-SVC §5). */
const MODE = /^[LS](?<spatial>\d)T(?<temporal>\d)/;

/**
 * A stream with one size is as large in a small tile as in any. It comes with fewer frames there: half of them in the
 * smallest.
 *
 * @param scalabilityMode of the stream; undefined: the layers are streams of their own
 */
export function preferredLayers(
  { spatialLayer = 0, temporalLayer }: Preference,
  scalabilityMode?: string,
): Layers {
  const { spatial, temporal } = MODE.exec(scalabilityMode ?? '')?.groups ?? {};
  const hasOneSize = spatial === '1' && Number(temporal) > 1;
  if (temporalLayer !== undefined) return { spatialLayer, temporalLayer };
  if (!hasOneSize || spatialLayer > 0) return { spatialLayer };
  return { spatialLayer: 0, temporalLayer: Math.max(0, Number(temporal) - 2) };
}
