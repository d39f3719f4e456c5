// Whether a relay that was in use has fallen silent: seconds before ICE gives its path up. Pure.
//
// A browser asks its peer for a sign of life every 2.5 seconds, and calls a path disconnected only
// when several of those stay without an answer: of a TURN server that was killed it tells after seven
// seconds. Where packets came in all the time, their absence says it after one.
import { type Stats, selectedPair } from './selected-path.ts';

/** How often it is felt. Milliseconds. */
export const PULSE_MS = 500;
/** As many looks in a row have to bring something before silence means anything. */
const STEADY_LOOKS = 4;
/** Two looks without anything, and no shorter time than this. Milliseconds. */
const SILENT_LOOKS = 2;
const SILENT_MS = 900;

export interface Beat {
  /** Milliseconds. */
  readonly at: number;
  readonly pairId: string;
  /** Grows with every packet and every answer of ICE that comes in. */
  readonly heard: number;
  /** Bytes that went out. */
  readonly sent: number;
}

/** @returns undefined while no pair is selected, or where the browser does not count */
export function beatOf(stats: Stats, at: number): Beat | undefined {
  const pair = selectedPair(stats);
  if (pair?.bytesReceived === undefined) return undefined;
  const { id, bytesReceived, bytesSent = 0, responsesReceived = 0 } = pair;
  return { at, pairId: id, heard: bytesReceived + responsesReceived, sent: bytesSent };
}

export class RelayPulse {
  #last: Beat | undefined;
  #heardAt = 0;
  #steady = 0;
  #silent = 0;
  #stalled = false;

  get stalled(): boolean {
    return this.#stalled;
  }

  /**
   * @param expects whether anything should come in: nothing does of people who are all muted, or
   *   while nothing is sent that would be acknowledged
   */
  feel(beat: Beat, expects: (last: Beat) => boolean): void {
    const last = this.#last;
    this.#last = beat;
    if (!last || last.pairId !== beat.pairId) {
      this.#hear(beat.at, 0);
      // A path that was found since has been answered to.
      if (beat.heard > 0) this.#stalled = false;
    } else if (beat.heard > last.heard) {
      this.#hear(beat.at, this.#steady + 1);
      this.#stalled = false;
    } else if (this.#steady < STEADY_LOOKS || !expects(last)) {
      this.#hear(beat.at, 0);
    } else {
      this.#silent++;
      this.#stalled ||= this.#silent >= SILENT_LOOKS && beat.at - this.#heardAt >= SILENT_MS;
    }
  }

  /** What was felt says nothing of what comes: the path is another one, or down. */
  reset(): void {
    this.#last = undefined;
    this.#stalled = false;
    this.#hear(0, 0);
  }

  #hear(at: number, steady: number): void {
    this.#heardAt = at;
    this.#steady = steady;
    this.#silent = 0;
  }
}
