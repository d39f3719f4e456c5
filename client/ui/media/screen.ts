// The screen, window or tab that is shared, with its sound where the browser captures it.
import { batch, signal } from '@preact/signals';

export class ScreenCapture {
  readonly picture = signal<MediaStreamTrack | undefined>(undefined);
  readonly sound = signal<MediaStreamTrack | undefined>(undefined);
  /** Counts requests and stops: an answer that comes after either is ended at once. */
  #request = 0;

  /** @returns whether nothing else was asked for since then */
  begin(): () => boolean {
    const request = ++this.#request;
    return () => request === this.#request;
  }

  use(picture: MediaStreamTrack, sound: MediaStreamTrack | undefined): void {
    this.#drop();
    batch(() => {
      this.picture.value = picture;
      this.sound.value = sound;
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
