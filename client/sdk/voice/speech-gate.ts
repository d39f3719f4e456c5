// When the encoded frames of a microphone are sent: at once, or, as a word begins that others are not ready to
// receive, a moment later. Frames are delayed, never dropped and never reordered. Pure.

/** What is known of the sound of a frame. */
export interface FrameSound {
  /** False for a frame that an encoder with discontinuous transmission sends while there is no voice. */
  readonly isActive: boolean;
  /** How loud it is, in dBov. Undefined where the browser does not report it. */
  readonly level?: number | undefined;
}

export interface Step<T> {
  /** Frames to be sent now, in this order. */
  readonly send: readonly T[];
  /** The participant begins to speak: the server has to be told. */
  readonly begins: boolean;
}

/** `quiet`: there is no voice. `waiting`: a word has begun, others are made to receive it. */
type State =
  | { readonly name: 'open' }
  | { readonly name: 'quiet' }
  | { readonly name: 'waiting'; readonly sinceMs: number };

/** Quieter is background noise, to the server too. In dBov. */
export const LOUD_DBOV = -55;
/** Loud frames in a row that are a voice: a click is shorter, and an encoder refreshes its silence with one frame. */
export const ONSET_FRAMES = 3;
/** Frames further apart are not in a row. */
const IN_A_ROW_MS = 200;
/**
 * A word begins more quietly than it is noticed: as many frames from before are sent with it, 200 ms. Counted, since
 * frames arrive late on a busy machine.
 */
export const BEFORE_FRAMES = 10;
/** After this long without a voice the next word is held back again. */
export const PAUSE_MS = 2_000;
/** A word does not wait longer for the server. A little more than the server waits for receivers. */
export const HOLD_MS = 1_200;

const OPEN: State = { name: 'open' };
const QUIET: State = { name: 'quiet' };

export class SpeechGate<T> {
  #state: State = OPEN;
  #held: T[] = [];
  #row = 0;
  #lastMs = -Infinity;
  #spokeMs = -Infinity;
  #isChosen = false;

  /** Whether the server chooses whose voices are heard. Until it does, everything passes. */
  choose(isChosen: boolean): readonly T[] {
    if (isChosen === this.#isChosen) return [];
    this.#isChosen = isChosen;
    if (isChosen) return [];
    this.#state = OPEN;
    return this.#release();
  }

  /** The others receive us, or are not waited for any longer. */
  letGo(): readonly T[] {
    if (this.#state.name !== 'waiting') return [];
    this.#state = OPEN;
    return this.#release();
  }

  /** @param nowMs of a clock that only rises */
  push(frame: T, sound: FrameSound, nowMs: number): Step<T> {
    const isVoice = this.#hear(sound, nowMs);
    if (!this.#isChosen) return { send: [frame], begins: false };
    const hasPaused = nowMs - this.#spokeMs > PAUSE_MS;
    // A word whose beginning has passed is not held back from its middle on.
    if (this.#state.name === 'open' && hasPaused && this.#row <= 1) this.#state = QUIET;
    switch (this.#state.name) {
      case 'open':
        return { send: [frame], begins: false };
      case 'quiet':
        return this.#listen(frame, sound, isVoice, nowMs);
      case 'waiting':
        return this.#hold(frame, nowMs - this.#state.sinceMs);
    }
  }

  /** @returns whether it is of a voice, as far as can be known by now */
  #hear({ isActive, level }: FrameSound, nowMs: number): boolean {
    const isLoud = isActive && (level === undefined || level >= LOUD_DBOV);
    const isInARow = nowMs - this.#lastMs <= IN_A_ROW_MS;
    this.#lastMs = nowMs;
    this.#row = isLoud ? (isInARow ? this.#row : 0) + 1 : 0;
    const isVoice = this.#row >= ONSET_FRAMES;
    if (isVoice) this.#spokeMs = nowMs;
    return isVoice;
  }

  #listen(frame: T, { isActive }: FrameSound, isVoice: boolean, nowMs: number): Step<T> {
    this.#held.push(frame);
    if (isVoice) {
      this.#state = { name: 'waiting', sinceMs: nowMs };
      return { send: [], begins: true };
    }
    // Nothing begins here: an encoder without a voice says only how long it is silent.
    if (!isActive) return { send: this.#release(), begins: false };
    const old = Math.max(0, this.#held.length - BEFORE_FRAMES);
    return { send: this.#held.splice(0, old), begins: false };
  }

  #hold(frame: T, waitedMs: number): Step<T> {
    this.#held.push(frame);
    if (waitedMs < HOLD_MS) return { send: [], begins: false };
    this.#state = OPEN;
    return { send: this.#release(), begins: false };
  }

  #release(): T[] {
    return this.#held.splice(0);
  }
}
