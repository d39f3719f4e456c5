// The screen, window or tab that is shared, with its sound where the browser captures it.
import { batch, signal } from '@preact/signals';
import { SCREEN_CONSTRAINTS } from './constraints.ts';

export class ScreenCapture {
  readonly picture = signal<MediaStreamTrack | undefined>(undefined);
  readonly sound = signal<MediaStreamTrack | undefined>(undefined);

  /**
   * Asks what to share. Nothing happens when the user changes their mind.
   *
   * @throws what getDisplayMedia threw for any other reason
   */
  async start(): Promise<void> {
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia(SCREEN_CONSTRAINTS);
    } catch (error) {
      if (isCancelled(error)) return;
      throw error;
    }
    this.stop();
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    if (!picture) return sound?.stop();
    // Text must be sharp before it is smooth.
    picture.contentHint = 'detail';
    if (sound) sound.contentHint = 'music';
    // The browser's own "Stop sharing", or the window that was shared is gone.
    picture.addEventListener('ended', () => {
      if (this.picture.value === picture) this.stop();
    });
    batch(() => {
      this.picture.value = picture;
      this.sound.value = sound;
    });
  }

  stop(): void {
    const tracks = [this.picture.value, this.sound.value];
    batch(() => {
      this.picture.value = undefined;
      this.sound.value = undefined;
    });
    for (const track of tracks) track?.stop();
  }
}

function isCancelled(error: unknown): boolean {
  return (
    error instanceof DOMException &&
    error.name === 'NotAllowedError' &&
    !/by system/i.test(error.message)
  );
}
