// The preferences for each remote video, from its size on screen. Pure.
import { spatialLayerFor } from '../../../shared/media/media.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import { namesAllPictures } from '../../sdk/media/named-pictures.ts';

export interface RemoteVideo {
  trackId: string;
  source: TrackSource;
}

/**
 * @param heights of the tiles on screen, by the track they show, in device pixels
 * @param asked the preferences that were sent before
 */
export function preferencesFor(
  videos: readonly RemoteVideo[],
  heights: ReadonlyMap<string, number>,
  asked: ReadonlyMap<string, Preference> = new Map(),
): Map<string, Preference> {
  const namesAll = namesAllPictures(videos.length);
  const wanted = new Map<string, Preference>();
  for (const { trackId, source } of videos) {
    const height = heights.get(trackId);
    if (height === undefined && !namesAll && !asked.has(trackId)) continue;
    wanted.set(
      trackId,
      height === undefined
        ? { paused: true }
        : { paused: false, spatialLayer: spatialLayerFor(source, height) },
    );
  }
  return wanted;
}

/** Whether a picture that was hidden comes on screen. One that has just joined is sent anyway, in a small room. */
export function comesIntoView(
  asked: ReadonlyMap<string, Preference>,
  wanted: ReadonlyMap<string, Preference>,
  videos: readonly RemoteVideo[],
): boolean {
  const isHiddenUnasked = asked.size > 0 && !namesAllPictures(videos.length);
  return [...wanted].some(
    ([trackId, { paused }]) => !paused && (asked.get(trackId)?.paused ?? isHiddenUnasked),
  );
}
