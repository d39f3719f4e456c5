// Pictures that a participant asks to receive: so many, at the layer that their tiles need. Pure.
import { spatialLayerFor } from '../../shared/media/media.ts';
import { LIMITS } from '../../shared/protocol/limits.ts';
import type { Preference } from '../../shared/protocol/media-messages.ts';
import type { MethodParams } from '../../shared/protocol/protocol.ts';
import type { RoomOp } from '../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../shared/room/room.ts';
import { changedPreferences, namesAllPictures } from '../sdk/media/named-pictures.ts';

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
  /** Owners of the room's pictures, by track id. */
  readonly #cameras = new Map<string, string>();
  readonly #asked = new Map<string, Preference>();

  constructor(layout: number, viewer: string) {
    this.#layout = layout;
    this.#viewer = viewer;
  }

  /** The room as it is. */
  set(tracks: RoomSnapshot['tracks'], selfId: string): void {
    this.#cameras.clear();
    this.add(tracks, selfId);
  }

  /** A change of the room. */
  follow(op: RoomOp, selfId: string): void {
    if (op.op === 'publish' && op.track.kind === 'video' && op.track.participantId !== selfId) {
      this.#cameras.set(op.track.id, op.track.participantId);
    } else if (op.op === 'unpublish') {
      this.#forgetCamera(op.trackId);
    } else if (op.op === 'leave') {
      for (const [trackId, owner] of this.#cameras) {
        if (owner === op.participantId) this.#forgetCamera(trackId);
      }
    }
  }

  /**
   * Which page of pictures it looks at in a large room, besides those that everybody knows: others look at others.
   *
   * @param pictured how many share a picture
   */
  page(pictured: number): MethodParams<'participants'> {
    const limit = Math.min(Math.max(1, this.#layout), LIMITS.participantsPerPage);
    const offset = (hash(this.#viewer) % Math.max(1, Math.ceil(pictured / limit))) * limit;
    return { with: 'pictures', offset, limit };
  }

  /** These pictures are known, too. */
  add(tracks: RoomSnapshot['tracks'], selfId: string): void {
    for (const track of tracks) this.follow({ op: 'publish', track }, selfId);
  }

  /** The server may have lost what was asked for. */
  forget(): void {
    this.#asked.clear();
  }

  /** The preferences that are to be asked for now: those that differ from what was asked for. */
  changes(): [trackId: string, preference: Preference][] {
    const wanted = wants([...this.#cameras.keys()], this.#layout, this.#viewer);
    const namesAll = namesAllPictures(this.#cameras.size);
    const changed = changedPreferences(this.#asked, wanted).filter(
      ([trackId, { paused }]) => !paused || namesAll || this.#asked.has(trackId),
    );
    for (const [trackId, preference] of changed) this.#asked.set(trackId, preference);
    return changed;
  }

  #forgetCamera(trackId: string): void {
    this.#cameras.delete(trackId);
    this.#asked.delete(trackId);
  }
}
