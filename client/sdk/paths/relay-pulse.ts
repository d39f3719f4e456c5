// Whether a relay that was in use has fallen silent: seconds before ICE gives its path up. Pure.
//
// A browser asks its peer for a sign of life every 2.5 seconds, and calls a path disconnected only
// when several of those stay without an answer: of a TURN server that was killed it tells after seven
// seconds. Where packets came in all the time, their absence says it after one. Where all of them came from
// one person, whose own network may be gone, one such question has to stay without an answer too.
import { type Stats, selectedPair } from './selected-path.ts';

/** How often it is felt. Milliseconds. */
export const PULSE_MS = 500;
/** As many looks in a row have to bring something before silence means anything. */
const STEADY_LOOKS = 4;
/** Two looks without anything, and no shorter time than this. Milliseconds. */
const SILENT_LOOKS = 2;
const SILENT_MS = 900;

/** `perhaps`: only one sender is silent, and its own network may be what is gone. */
export type Expected = 'nothing' | 'perhaps' | 'surely';

export interface Beat {
  /** Milliseconds. */
  readonly at: number;
  readonly pairId: string;
  /** Grows with every packet and every answer of ICE that comes in. */
  readonly heard: number;
  /** Grows with every sign of life that is asked for; 0 where the browser does not count. */
  readonly asked: number;
  /** Bytes that went out. */
  readonly sent: number;
}

/** @returns undefined while no pair is selected, or where the browser does not count */
export function beatOf(stats: Stats, at: number): Beat | undefined {
  const pair = selectedPair(stats);
  if (pair?.bytesReceived === undefined) return undefined;
  const { id, bytesReceived, bytesSent = 0, responsesReceived = 0 } = pair;
  const { requestsSent = 0, consentRequestsSent = 0 } = pair;
  return {
    at,
    pairId: id,
    heard: bytesReceived + responsesReceived,
    asked: requestsSent + consentRequestsSent,
    sent: bytesSent,
  };
}

export class RelayPulse {
  #last: Beat | undefined;
  #heardAt = 0;
  /** How much had been asked by then. */
  #askedThen = 0;
  /** When it was first seen that something was asked after that. */
  #unansweredSince: number | undefined;
  #steady = 0;
  #silent = 0;
  #stalled = false;

  get stalled(): boolean {
    return this.#stalled;
  }

  /**
   * @param expects what should come in: nothing does of people who are all muted, or while nothing is
   *   sent that would be acknowledged
   */
  feel(beat: Beat, expects: (last: Beat) => Expected): void {
    const last = this.#last;
    this.#last = beat;
    if (!last || last.pairId !== beat.pairId) {
      this.#hear(beat, 0);
      // A path that was found since has been answered to.
      if (beat.heard > 0) this.#stalled = false;
      return;
    }
    if (beat.heard > last.heard) {
      this.#hear(beat, this.#steady + 1);
      this.#stalled = false;
      return;
    }
    const expected = expects(last);
    if (this.#steady < STEADY_LOOKS || expected === 'nothing') {
      this.#hear(beat, 0);
      return;
    }
    this.#silent++;
    const isSilent = this.#silent >= SILENT_LOOKS && beat.at - this.#heardAt >= SILENT_MS;
    this.#stalled ||= isSilent && (expected === 'surely' || this.#isUnanswered(beat));
  }

  /** Whether the peer was asked for a sign of life, and had the time of two looks to give it. */
  #isUnanswered({ at, asked }: Beat): boolean {
    if (asked > this.#askedThen) this.#unansweredSince ??= at;
    return this.#unansweredSince !== undefined && at - this.#unansweredSince >= SILENT_MS;
  }

  /** What was felt says nothing of what comes: the path is another one, or down. */
  reset(): void {
    this.#last = undefined;
    this.#stalled = false;
    this.#hear({ at: 0, asked: 0 }, 0);
  }

  #hear({ at, asked }: Pick<Beat, 'at' | 'asked'>, steady: number): void {
    this.#heardAt = at;
    this.#askedThen = asked;
    this.#unansweredSince = undefined;
    this.#steady = steady;
    this.#silent = 0;
  }
}
