// A generated camera: layers of the sizes and bit rates that the page sends, with a key frame when one is asked for.
import { videoEncodings } from '../../../shared/media/media.ts';
import { temporalLayerOf, vp8Payloads } from './vp8.ts';

export const FRAMES_PER_SECOND = 30;
const WIDTH = 1280;
const HEIGHT = 720;
/** A key frame is about this many times as large as the frames between. */
const KEY_FACTOR = 5;

export interface PictureLayer {
  /** Bits per second. */
  bitrate: number;
  width: number;
  height: number;
  scalabilityMode: string | undefined;
}

/** Lowest first, as simulcast encodings are listed. */
export const PICTURE_LAYERS: readonly PictureLayer[] = videoEncodings('camera', 'VP8').map(
  ({ maxBitrate, scaleResolutionDownBy = 1, scalabilityMode }) => ({
    bitrate: maxBitrate,
    width: WIDTH / scaleResolutionDownBy,
    height: HEIGHT / scaleResolutionDownBy,
    scalabilityMode,
  }),
);

/** The frames of one layer. */
export class PictureFrames {
  readonly #layer: PictureLayer;
  #pictureId: number;
  #baseIndex: number;
  #sinceKey = 0;
  #wantsKey = true;

  /** @param first where picture ids begin, 0 to 32,767 */
  constructor(layer: PictureLayer, first: number) {
    this.#layer = layer;
    this.#pictureId = first;
    this.#baseIndex = first & 0xff;
  }

  /** The next frame is a key frame. */
  requestKeyFrame(): void {
    this.#wantsKey = true;
  }

  /** The payloads of the next frame. */
  next(): Uint8Array[] {
    const { bitrate, width, height } = this.#layer;
    const isKey = this.#wantsKey;
    this.#wantsKey = false;
    this.#sinceKey = isKey ? 0 : this.#sinceKey + 1;
    const { temporalLayer, isSync } = temporalLayerOf(this.#sinceKey);
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    if (temporalLayer === 0) this.#baseIndex = (this.#baseIndex + 1) & 0xff;
    const bytes = Math.round((bitrate / 8 / FRAMES_PER_SECOND) * (isKey ? KEY_FACTOR : 1));
    const [pictureId, baseIndex] = [this.#pictureId, this.#baseIndex];
    return vp8Payloads({
      ...{ isKey, pictureId, baseIndex, temporalLayer, isSync, bytes, width, height },
    });
  }
}
