// Pictures that are about to come, on elements that are on no page yet. The page that is drawn meanwhile takes them: an
// element that is made later shows nothing of what came before it.
import { newVideo, showOn } from './video.tsx';

const early = new Map<MediaStreamTrack, HTMLVideoElement>();
/** A page that has not drawn a picture by then does not show it. */
const EARLY_MS = 5_000;

/** This picture comes soon. */
export function expectVideo(track: MediaStreamTrack): void {
  const video = newVideo();
  early.set(track, video);
  showOn(video, track);
  // On no page, it does not begin by itself.
  video.play().catch(() => {});
  setTimeout(() => {
    if (early.delete(track)) video.srcObject = null;
  }, EARLY_MS);
}

/** The element of this picture, which is the caller's from now on. */
export function takeVideo(track: MediaStreamTrack): HTMLVideoElement | undefined {
  const video = early.get(track);
  early.delete(track);
  return video;
}
