// A <video> that shows a track, and knows whether it has a picture yet.
import { useEffect, useRef, useState } from 'preact/hooks';

export interface VideoProps {
  track: MediaStreamTrack | undefined;
  /** As in a mirror: for one's own camera. */
  mirrored?: boolean;
  /** Width divided by height of the picture, whenever it changes. */
  onAspect?: (aspect: number) => void;
}

export function Video({ track, mirrored = false, onAspect }: VideoProps) {
  const element = useRef<HTMLVideoElement>(null);
  const [hasPicture, setHasPicture] = useState(false);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    showTrack(video, track);
    if (!track) setHasPicture(false);
  }, [track]);
  useEffect(() => {
    const video = element.current;
    return () => {
      if (video) video.srcObject = null;
    };
  }, []);
  return (
    // Sound has elements of its own, so that it goes on when a tile is not shown.
    <video
      ref={element}
      class="video"
      muted
      autoplay
      playsInline
      disablePictureInPicture
      data-mirrored={mirrored}
      data-shown={track !== undefined && hasPicture}
      onResize={({ currentTarget: { videoWidth, videoHeight } }) => {
        if (videoHeight > 0) onAspect?.(videoWidth / videoHeight);
      }}
      onLoadedData={() => setHasPicture(true)}
    />
  );
}

/**
 * Another track takes the place of the one before without a black frame between them: the picture
 * stays until the first frame of the new one.
 */
function showTrack(video: HTMLVideoElement, track: MediaStreamTrack | undefined): void {
  const stream = video.srcObject;
  if (!track) {
    video.srcObject = null;
  } else if (stream instanceof MediaStream) {
    // In this order: Chromium goes on showing nothing of a track that came while another was there.
    for (const old of stream.getTracks()) if (old !== track) stream.removeTrack(old);
    stream.addTrack(track);
  } else {
    video.srcObject = new MediaStream([track]);
  }
}
