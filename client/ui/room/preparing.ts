// Prepares the join while a participant looks at the page before the call, and again when that took too long.
import { effect } from '@preact/signals';
import type { PreparedCall, PrepareOptions, prepareCall } from '../../sdk/prepared/prepare-call.ts';
import type { LocalTrackInput } from '../../sdk/session/types.ts';
import { expectVideo } from '../video/early-video.ts';

export interface PreparingOptions {
  /** What the join would be made with; read each time. */
  describe(): PrepareOptions;
  /** The tracks that the join would publish, once the devices are open or refused. A signal. */
  tracks(): readonly LocalTrackInput[];
}

/** Whatever ends a preparation at once (an old server, a full one) would end the next one too. */
const AGAIN_AFTER_MS = 5_000;
/** A socket that has just answered need not be asked again. */
const REFRESHED_MS = 1_000;

export class Preparing {
  readonly #options: PreparingOptions;
  readonly #prepareCall: typeof prepareCall;
  #prepared: PreparedCall | undefined;
  #stopTracks: (() => void) | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(prepare: typeof prepareCall, options: PreparingOptions) {
    this.#prepareCall = prepare;
    this.#options = options;
  }

  /** A page that nobody looks at prepares nothing: it is used again when somebody does. */
  begin(): void {
    const isNeeded = !this.#prepared && performance.now() - this.#begunAt >= AGAIN_AFTER_MS;
    if (!isNeeded || document.visibilityState !== 'visible') return;
    this.#begunAt = performance.now();
    const prepared = this.#prepareCall({
      ...this.#options.describe(),
      onOver: () => {
        if (this.#prepared === prepared) this.#forget();
      },
    });
    this.#prepared = prepared;
    this.#stopTracks = effect(() => prepared.expect(this.#options.tracks()));
  }

  /** A click on "Join" is near. @returns whether a socket is there, or on its way */
  refresh(): boolean {
    this.begin();
    if (!this.#prepared) return false;
    if (performance.now() - this.#refreshedAt >= REFRESHED_MS) {
      this.#refreshedAt = performance.now();
      this.#prepared.refresh();
    }
    return true;
  }

  /** For a join, which may use it once. */
  take(): PreparedCall | undefined {
    const prepared = this.#prepared;
    this.#forget();
    const { picture } = prepared ?? {};
    // After the request of the join, which goes out at the end of this turn.
    if (picture) setTimeout(() => expectVideo(picture));
    return prepared;
  }

  /** The join would be another one now: with another token, or none any more. */
  close(): void {
    const prepared = this.#prepared;
    this.#forget();
    prepared?.close();
    this.#begunAt = Number.NEGATIVE_INFINITY;
  }

  #forget(): void {
    this.#prepared = undefined;
    this.#stopTracks?.();
    this.#stopTracks = undefined;
  }
}
