// Requests each remote video in its size on screen, and pauses those off screen.
import { effect } from '@preact/signals';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import { changedPreferences } from '../../sdk/media/named-pictures.ts';
import { comesIntoView, preferencesFor, type RemoteVideo } from '../stage/preferences.ts';
import { isShown } from '../stage/tiles.ts';
import { watchSeenVideos } from '../video/seen-videos.ts';
import type { CallModel } from './call-model.ts';

/** While a window is dragged, sizes change all the time; a layer switch costs a key frame. */
const SETTLED_MS = 200;

/** @returns a function that ends it */
export function subscribeToVisible(model: CallModel): () => void {
  let asked = new Map<string, Preference>();
  let wanted = new Map<string, Preference>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { floating, close } = watchSeenVideos();
  model.call.hideOthers();

  const flush = () => {
    timer = undefined;
    for (const [trackId, preference] of changedPreferences(asked, wanted)) {
      model.call.subscribe(trackId, preference);
    }
    asked = wanted;
  };
  const stop = effect(() => {
    const videos = remoteVideos(model);
    wanted = preferencesFor(videos, shownHeights(model, floating.value), asked);
    // A tile that comes on screen must not wait. Other changes may.
    if (comesIntoView(asked, wanted, videos)) {
      clearTimeout(timer);
      flush();
    } else {
      timer ??= setTimeout(flush, SETTLED_MS);
    }
  });
  return () => {
    stop();
    close();
    clearTimeout(timer);
  };
}

function remoteVideos({ stage, selfId }: CallModel): RemoteVideo[] {
  return stage.tracks.value
    .filter(({ kind, participantId }) => kind === 'video' && participantId !== selfId)
    .map(({ id, source }) => ({ trackId: id, source }));
}

/** @param floating the MediaStreamTracks that can be seen, if not all of the page can */
function shownHeights(
  { stage, remoteTracks, selfId }: CallModel,
  floating: ReadonlySet<string> | undefined,
): Map<string, number> {
  const ratio = globalThis.devicePixelRatio || 1;
  const heights = new Map<string, number>();
  for (const { id, height } of stage.layout.value.placements) {
    const tile = stage.byId.value.get(id);
    if (!isShown(tile) || tile.participantId === selfId) continue;
    const trackId = tile.videoTrackId;
    if (trackId === undefined) continue;
    const isSeen = !floating || floating.has(remoteTracks.value.get(trackId)?.track.id ?? '');
    if (isSeen) heights.set(trackId, height * ratio);
  }
  return heights;
}
