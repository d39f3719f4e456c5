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
  const [shown, setShown] = useState<MediaStreamTrack>();
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = track ? new MediaStream([track]) : null;
    return () => {
      video.srcObject = null;
    };
  }, [track]);
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
      data-shown={track !== undefined && shown === track}
      onResize={({ currentTarget: { videoWidth, videoHeight } }) => {
        if (videoHeight > 0) onAspect?.(videoWidth / videoHeight);
      }}
      onLoadedData={() => setShown(track)}
    />
  );
}
