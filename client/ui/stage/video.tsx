// A <video> that shows a track, and another one after it without a black frame between them.
import { useEffect, useRef, useState } from 'preact/hooks';
import { addVideo } from './seen-videos.ts';

export interface VideoProps {
  track: MediaStreamTrack;
  /** Mirrored, for the own camera. */
  mirrored?: boolean;
  /** Width divided by height of the picture, whenever it changes. */
  onAspect?: (aspect: number) => void;
}

export function Video({ track, mirrored = false, onAspect }: VideoProps) {
  const element = useRef<HTMLVideoElement>(null);
  const [stream] = useState(() => new MediaStream());
  useEffect(() => {
    // In this order, and at once: Chromium shows nothing of a track that was added beside another one, and
    // keeps the last picture until the first of the new track.
    for (const old of stream.getTracks()) stream.removeTrack(old);
    stream.addTrack(track);
  }, [track]);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = stream;
    const remove = addVideo(video);
    return () => {
      remove();
      video.srcObject = null;
    };
  }, []);
  return (
    // Sound has elements of its own, so that it plays while a tile is hidden.
    <video
      ref={element}
      class="video"
      muted
      autoplay
      playsInline
      disablePictureInPicture
      data-mirrored={mirrored}
      onResize={({ currentTarget: { videoWidth, videoHeight } }) => {
        if (videoHeight > 0) onAspect?.(videoWidth / videoHeight);
      }}
      onLoadedData={({ currentTarget }) => {
        currentTarget.dataset.shown = 'true';
      }}
    />
  );
}
