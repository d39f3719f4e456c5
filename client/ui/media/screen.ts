// The screen, window or tab that is shared, with its sound where the browser captures it.
import { batch, signal } from '@preact/signals';
import { SCREEN_CONSTRAINTS } from './constraints.ts';

export class ScreenCapture {
  readonly picture = signal<MediaStreamTrack | undefined>(undefined);
  readonly sound = signal<MediaStreamTrack | undefined>(undefined);
  /** Counts requests and stops: an answer that comes after either is ended at once. */
  #request = 0;

  /**
   * Opens the browser's picker. Cancelling it changes nothing.
   *
   * @throws any other error of getDisplayMedia
   */
  async start(): Promise<void> {
    const request = ++this.#request;
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia(SCREEN_CONSTRAINTS);
    } catch (error) {
      if (isCancelled(error) || request !== this.#request) return;
      throw error;
    }
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    // The call was left, or another screen was asked for, while the question was open.
    if (request !== this.#request || picture?.readyState !== 'live') {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.#drop();
    // Text must be sharp before it is smooth.
    picture.contentHint = 'detail';
    if (sound) sound.contentHint = 'music';
    // The browser's own "Stop sharing", or the window that was shared is gone.
    picture.addEventListener('ended', () => {
      if (this.picture.value === picture) this.stop();
    });
    // A tab may end its sound alone.
    sound?.addEventListener('ended', () => {
      if (this.sound.value === sound) this.sound.value = undefined;
    });
    batch(() => {
      this.picture.value = picture;
      this.sound.value = sound?.readyState === 'live' ? sound : undefined;
    });
  }

  stop(): void {
    this.#request++;
    this.#drop();
  }

  #drop(): void {
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
