// A <video> that shows a track, and another one after it without a black frame between them.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Those on the page, wherever they were moved to. */
export const videos = new Set<HTMLVideoElement>();

export interface VideoProps {
  track: MediaStreamTrack;
  /** Makes the element, or finds one that shows the track already. */
  make?: () => HTMLVideoElement;
  /** Mirrored, for the own camera. */
  mirrored?: boolean;
}

export function Video({ track, make = newVideo, mirrored = false }: VideoProps) {
  const host = useRef<HTMLSpanElement>(null);
  const [video] = useState(make);
  useLayoutEffect(() => {
    host.current?.append(video);
    videos.add(video);
    return () => {
      videos.delete(video);
      video.srcObject = null;
    };
  }, []);
  useLayoutEffect(() => {
    showOn(video, track);
    video.dataset.mirrored = String(mirrored);
  }, [track, mirrored]);
  return <span class="video-host" ref={host} />;
}

export function newVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  // Sound has elements of its own, so that it plays while a tile is hidden.
  return Object.assign(video, {
    ...{ className: 'video', muted: true, autoplay: true, playsInline: true },
    disablePictureInPicture: true,
    onloadeddata() {
      video.dataset.shown = 'true';
    },
  });
}

export function showOn(video: HTMLVideoElement, track: MediaStreamTrack): void {
  const stream = (video.srcObject ?? new MediaStream()) as MediaStream;
  if (stream.getTracks()[0] === track) return;
  // In this order, and at once: Chromium shows nothing of a track that was added beside another one, and
  // keeps the last picture until the first of the new track.
  for (const old of stream.getTracks()) stream.removeTrack(old);
  stream.addTrack(track);
  video.srcObject ??= stream;
}
