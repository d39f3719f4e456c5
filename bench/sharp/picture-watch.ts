// Runs in the page before its own scripts: when each frame of a participant's picture was presented, and how high it is.

export interface PresentedFrame {
  /** UTC milliseconds. */
  at: number;
  height: number;
}

export interface PictureWatch {
  /** Tells the page that its tab is hidden, or shown again. @returns UTC milliseconds */
  hide(hidden: boolean): number;
  /** The frames of the pictures in this participant's tile since then. */
  frames(name: string, sinceMs: number): PresentedFrame[];
}

declare global {
  interface Window {
    pictures: PictureWatch;
  }
}

/** Must not refer to anything outside itself: its source text is what reaches the page. */
export function installPictureWatch(camera: { width: number; height: number }): void {
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (constraints = {}) => {
    const { video } = constraints;
    if (!video) return open(constraints);
    return open({ ...constraints, video: { ...(video === true ? {} : video), ...camera } });
  };

  let isHidden = false;
  Object.defineProperty(document, 'hidden', { get: () => isHidden });
  Object.defineProperty(document, 'visibilityState', {
    get: () => (isHidden ? 'hidden' : 'visible'),
  });

  const presented: { name: string; at: number; height: number }[] = [];
  const watched = new WeakSet<HTMLVideoElement>();
  const nameOf = (video: HTMLVideoElement) => {
    const label = video.closest('article')?.getAttribute('aria-labelledby') ?? '';
    return document.getElementById(label)?.textContent ?? '';
  };
  const watch = (video: HTMLVideoElement) => {
    const next = () => video.requestVideoFrameCallback(onFrame);
    const onFrame: VideoFrameRequestCallback = (_, { height }) => {
      // A page that was hidden keeps the last frame of before.
      if (!isHidden) presented.push({ name: nameOf(video), at: Date.now(), height });
      next();
    };
    next();
  };
  setInterval(() => {
    for (const video of document.querySelectorAll('video')) {
      if (!watched.has(video)) watch(video);
      watched.add(video);
    }
  }, 20);

  window.pictures = {
    hide(hidden) {
      isHidden = hidden;
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      return Date.now();
    },
    frames: (name, sinceMs) =>
      presented
        .filter((frame) => frame.name.includes(name) && frame.at >= sinceMs)
        .map(({ at, height }) => ({ at, height })),
  };
}
