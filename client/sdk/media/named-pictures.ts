// Which pictures a client names to the server: all of a small room, and of a large one those it looks at. Pure.
import type { Preference } from '../../../shared/protocol/media-messages.ts';

const NAME_ALL_UP_TO = 100;

/** In larger rooms hidden pictures are not received anyway, unless they were asked for before. */
export function namesAllPictures(count: number): boolean {
  return count <= NAME_ALL_UP_TO;
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
