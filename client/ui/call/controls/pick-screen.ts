// Asks which screen, window or tab to share, and shares it.
import type { ScreenCapture } from '../../media/screen.ts';

/** The sound of what is shared comes with it, where the browser can capture it. */
const SCREEN_CONSTRAINTS: DisplayMediaStreamOptions = {
  video: { frameRate: { max: 30 } },
  // Music and films must not be treated as speech.
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};

/**
 * Nothing happens when the user changes their mind.
 *
 * @throws what getDisplayMedia threw for any other reason
 */
export async function pickScreen(screen: ScreenCapture): Promise<void> {
  const isNewest = screen.begin();
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia(SCREEN_CONSTRAINTS);
  } catch (error) {
    if (isCancelled(error) || !isNewest()) return;
    throw error;
  }
  const [picture] = stream.getVideoTracks();
  const [sound] = stream.getAudioTracks();
  // The call was left, or another screen was asked for, while the question was open.
  if (!isNewest() || picture?.readyState !== 'live') {
    for (const track of stream.getTracks()) track.stop();
    return;
  }
  // Text must be sharp before it is smooth.
  picture.contentHint = 'detail';
  if (sound) sound.contentHint = 'music';
  // The browser's own "Stop sharing", or the window that was shared is gone.
  picture.addEventListener('ended', () => {
    if (screen.picture.value === picture) screen.stop();
  });
  // A tab may end its sound alone.
  sound?.addEventListener('ended', () => {
    if (screen.sound.value === sound) screen.sound.value = undefined;
  });
  screen.use(picture, sound?.readyState === 'live' ? sound : undefined);
}

function isCancelled(error: unknown): boolean {
  return (
    error instanceof DOMException &&
    error.name === 'NotAllowedError' &&
    !/by system/i.test(error.message)
  );
}
