// The preferences for each remote video, from its size on screen. Pure.
import { spatialLayerFor } from '../../../shared/media/media.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import type { TrackSource } from '../../../shared/room/room.ts';

export interface RemoteVideo {
  trackId: string;
  source: TrackSource;
}

/** @param heights of the tiles on screen, by the track they show, in device pixels */
export function preferencesFor(
  videos: readonly RemoteVideo[],
  heights: ReadonlyMap<string, number>,
): Map<string, Preference> {
  const wanted = new Map<string, Preference>();
  for (const { trackId, source } of videos) {
    const height = heights.get(trackId);
    wanted.set(
      trackId,
      height === undefined
        ? { paused: true }
        : { paused: false, spatialLayer: spatialLayerFor(source, height) },
    );
  }
  return wanted;
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
