// The preferences for each remote video, from its size on screen. Pure.
import { spatialLayerFor } from '../../../shared/media/media.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import type { TrackSource } from '../../../shared/room/room.ts';

export interface RemoteVideo {
  trackId: string;
  source: TrackSource;
}

/** In larger rooms hidden pictures are not received anyway, unless they were asked for before. */
const NAME_ALL_UP_TO = 100;

/**
 * @param heights of the tiles on screen, by the track they show, in device pixels
 * @param asked the preferences that were sent before
 */
export function preferencesFor(
  videos: readonly RemoteVideo[],
  heights: ReadonlyMap<string, number>,
  asked: ReadonlyMap<string, Preference> = new Map(),
): Map<string, Preference> {
  const namesAll = videos.length <= NAME_ALL_UP_TO;
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
  const isHiddenUnasked = asked.size > 0 && videos.length > NAME_ALL_UP_TO;
  return [...wanted].some(
    ([trackId, { paused }]) => !paused && (asked.get(trackId)?.paused ?? isHiddenUnasked),
  );
}

/** The entries of `wanted` that differ from the last request. */
export function changedPreferences(
  asked: ReadonlyMap<string, Preference>,
  wanted: ReadonlyMap<string, Preference>,
): [trackId: string, preference: Preference][] {
  return [...wanted].filter(([trackId, preference]) => {
    const before = asked.get(trackId);
    return before?.paused !== preference.paused || before?.spatialLayer !== preference.spatialLayer;
  });
}
