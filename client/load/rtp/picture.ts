// A generated camera: layers of the sizes and bit rates that the page sends, with a key frame when one is asked for.
import { videoEncodings } from '../../../shared/media/media.ts';
import { type RecordedPicture, recordedPicture } from './recorded-picture.ts';
import { temporalLayerOf, type Vp8Payload, vp8Payloads } from './vp8.ts';

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
  readonly #bitrate: number;
  readonly #picture: RecordedPicture;
  #pictureId: number;
  #baseIndex: number;
  #sinceKey = 0;
  #wantsKey = true;

  /** @param first where picture ids begin, 0 to 32,767 */
  constructor(layer: PictureLayer, first: number) {
    this.#bitrate = layer.bitrate;
    this.#picture = recordedPicture(layer.width, layer.height);
    this.#pictureId = first;
    this.#baseIndex = first & 0xff;
  }

  /** The next frame is a key frame. */
  requestKeyFrame(): void {
    this.#wantsKey = true;
  }

  /** The payloads of the next frame. */
  next(): Vp8Payload[] {
    const isKey = this.#wantsKey;
    this.#wantsKey = false;
    this.#sinceKey = isKey ? 0 : this.#sinceKey + 1;
    const { temporalLayer, isSync } = temporalLayerOf(this.#sinceKey);
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    if (temporalLayer === 0) this.#baseIndex = (this.#baseIndex + 1) & 0xff;
    const { key, still } = this.#picture;
    const bytes = this.#bitrate / 8 / FRAMES_PER_SECOND;
    return vp8Payloads({
      coded: isKey ? key : still,
      bytes: Math.round(bytes * (isKey ? KEY_FACTOR : 1)),
      ...{ pictureId: this.#pictureId, baseIndex: this.#baseIndex, temporalLayer, isSync },
    });
  }
}
