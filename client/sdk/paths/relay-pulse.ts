// Detects that a relay in use has fallen silent, seconds before ICE gives its path up. Pure.
//
// A browser sends an ICE check every 2.5 seconds, and calls a path disconnected only when several stay
// unanswered: seven seconds after a TURN server was killed. Where packets arrived all the time, their absence
// shows it after one second. Where all of them came from one participant, whose own network may be gone, one
// ICE check has to stay unanswered too.
import { type Stats, selectedPair } from './selected-path.ts';

/** The interval between two looks. Milliseconds. */
export const PULSE_MS = 500;
/** Packets in this many looks in a row make a later silence meaningful. */
const STEADY_LOOKS = 4;
/** Silence: two looks without packets, and at least this time. Milliseconds. */
const SILENT_LOOKS = 2;
const SILENT_MS = 900;

/** `perhaps`: only one sender is silent, and its own network may be what is gone. */
export type Expected = 'nothing' | 'perhaps' | 'surely';

export interface Beat {
  /** Milliseconds. */
  readonly at: number;
  readonly pairId: string;
  /** Grows with every packet and every answer to an ICE check. */
  readonly received: number;
  /** Grows with every ICE check sent; 0 where the browser does not count. */
  readonly asked: number;
  /** Bytes sent. */
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
    received: bytesReceived + responsesReceived,
    asked: requestsSent + consentRequestsSent,
    sent: bytesSent,
  };
}

export class RelayPulse {
  #last: Beat | undefined;
  #receivedAt = 0;
  /** The value of `asked` at that time. */
  #askedThen = 0;
  /** When an ICE check after that was first seen. */
  #unansweredSince: number | undefined;
  #steady = 0;
  #silent = 0;
  #stalled = false;

  get stalled(): boolean {
    return this.#stalled;
  }

  /**
   * @param expects what should arrive: nothing from participants who are all muted, or while nothing is sent
   * that would be acknowledged
   */
  update(beat: Beat, expects: (last: Beat) => Expected): void {
    const last = this.#last;
    this.#last = beat;
    if (!last || last.pairId !== beat.pairId) {
      this.#startOver(beat, 0);
      // ICE checks found this path, so it works.
      if (beat.received > 0) this.#stalled = false;
      return;
    }
    if (beat.received > last.received) {
      this.#startOver(beat, this.#steady + 1);
      this.#stalled = false;
      return;
    }
    const expected = expects(last);
    if (this.#steady < STEADY_LOOKS || expected === 'nothing') {
      this.#startOver(beat, 0);
      return;
    }
    this.#silent++;
    const isSilent = this.#silent >= SILENT_LOOKS && beat.at - this.#receivedAt >= SILENT_MS;
    this.#stalled ||= isSilent && (expected === 'surely' || this.#isUnanswered(beat));
  }

  /** Whether an ICE check was sent, and stayed unanswered for two looks. */
  #isUnanswered({ at, asked }: Beat): boolean {
    if (asked > this.#askedThen) this.#unansweredSince ??= at;
    return this.#unansweredSince !== undefined && at - this.#unansweredSince >= SILENT_MS;
  }

  /** The path changed or is down: forgets earlier packets. */
  reset(): void {
    this.#last = undefined;
    this.#stalled = false;
    this.#startOver({ at: 0, asked: 0 }, 0);
  }

  #startOver({ at, asked }: Pick<Beat, 'at' | 'asked'>, steady: number): void {
    this.#receivedAt = at;
    this.#askedThen = asked;
    this.#unansweredSince = undefined;
    this.#steady = steady;
    this.#silent = 0;
  }
}
