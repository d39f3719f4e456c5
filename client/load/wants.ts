// Pictures that a participant asks to receive: so many, at the layer that their tiles need. Pure.
import { spatialLayerFor } from '../../shared/media/media.ts';
import type { Consumer, Preference } from '../../shared/protocol/media-messages.ts';

/** The stage of a window on a laptop, in pixels. */
const STAGE_HEIGHT = 720;

/** The layer for each of so many pictures in a square grid. */
export function layerOf(layout: number): number {
  const rows = Math.ceil(Math.sqrt(Math.max(1, layout)));
  return spatialLayerFor('camera', STAGE_HEIGHT / rows);
}

/**
 * The preference for each camera. Each participant looks at others of them, so that all are looked at when there are
 * enough participants; a camera that comes or goes changes what one looks at by one picture.
 *
 * @param viewer names the participant
 */
export function wants(
  cameras: readonly string[],
  layout: number,
  viewer: string,
): Map<string, Preference> {
  const spatialLayer = layerOf(layout);
  const ranked = cameras
    .map((trackId) => ({ trackId, rank: hash(`${viewer} ${trackId}`) }))
    .sort((a, b) => a.rank - b.rank);
  return new Map(
    ranked.map(({ trackId }, index) => [
      trackId,
      index < layout ? { paused: false, spatialLayer } : { paused: true },
    ]),
  );
}

/** FNV-1a, 32 bits, mixed once more: similar names are far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

/** The pictures that one participant looks at, and has asked for. */
export class View {
  readonly #layout: number;
  readonly #viewer: string;
  #cameras: string[] = [];
  readonly #asked = new Map<string, Preference>();

  constructor(layout: number, viewer: string) {
    this.#layout = layout;
    this.#viewer = viewer;
  }

  add(consumers: readonly Pick<Consumer, 'trackId' | 'kind'>[]): void {
    for (const { trackId, kind } of consumers) {
      if (kind === 'video' && !this.#cameras.includes(trackId)) this.#cameras.push(trackId);
    }
  }

  remove(trackIds: readonly string[]): void {
    this.#cameras = this.#cameras.filter((trackId) => !trackIds.includes(trackId));
    for (const trackId of trackIds) this.#asked.delete(trackId);
  }

  /** The server may have lost what was asked for. */
  forget(): void {
    this.#asked.clear();
  }

  /** The preferences that are to be asked for now: those that differ from what was asked for. */
  changes(): [trackId: string, preference: Preference][] {
    const wanted = wants(this.#cameras, this.#layout, this.#viewer);
    const changed = [...wanted].filter(([trackId, { paused, spatialLayer }]) => {
      const before = this.#asked.get(trackId);
      return before?.paused !== paused || before?.spatialLayer !== spatialLayer;
    });
    for (const [trackId, preference] of changed) this.#asked.set(trackId, preference);
    return changed;
  }
}
