// Which pictures can be seen: all while the page is visible, else those that float above other windows.
import { type ReadonlySignal, signal } from '@preact/signals';
import { videos } from './video.tsx';

export interface SeenVideos {
  /** Ids of the MediaStreamTracks that can be seen while the page is hidden. Undefined: the page is visible. */
  readonly floating: ReadonlySignal<ReadonlySet<string> | undefined>;
  close(): void;
}

const EVENTS = ['visibilitychange', 'enterpictureinpicture', 'leavepictureinpicture'] as const;

export function watchSeenVideos(): SeenVideos {
  const floating = signal(floatingTracks());
  const look = () => {
    floating.value = floatingTracks();
  };
  for (const event of EVENTS) document.addEventListener(event, look);
  return {
    floating,
    close() {
      for (const event of EVENTS) document.removeEventListener(event, look);
    },
  };
}

function floatingTracks(): ReadonlySet<string> | undefined {
  if (!document.hidden) return undefined;
  // An element's own document counts: it may be in a window of its own, that is in front of others.
  const seen = [...videos].filter(
    (video) => !video.ownerDocument.hidden || document.pictureInPictureElement === video,
  );
  return new Set(seen.flatMap(({ srcObject }) => tracksOf(srcObject)));
}

function tracksOf(source: MediaProvider | null): string[] {
  return source instanceof MediaStream ? source.getVideoTracks().map(({ id }) => id) : [];
}
