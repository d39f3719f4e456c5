// The refusals of TURN servers to report: each once, and not too many.
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { TurnRefusal } from '../../../shared/protocol/media-messages.ts';

/** The fields of an `RTCPeerConnectionIceErrorEvent` that are used. */
export interface IceError {
  readonly url: string;
  /** Error code of STUN, or 701 when the server did not answer. */
  readonly errorCode: number;
}

/** The range of codes in a report (RFC 8656 has fewer). */
const CODES = { min: 300, max: 799 };

export class TurnRefusals {
  /** Since the last ICE restart, reported or not: every network interface gets the same refusal. */
  readonly #known = new Set<string>();
  #pending: TurnRefusal[] = [];

  get pending(): readonly TurnRefusal[] {
    return this.#pending;
  }

  add({ url, errorCode }: IceError): void {
    const isTurn = /^turns?:/.test(url) && url.length <= LIMITS.urlLength;
    if (!isTurn || !(errorCode >= CODES.min && errorCode <= CODES.max)) return;
    const refusal: TurnRefusal = { url, code: errorCode };
    const key = keyOf(refusal);
    if (this.#known.has(key) || this.#known.size >= LIMITS.refusalsPerReport) return;
    this.#known.add(key);
    this.#pending.push(refusal);
  }

  /** The server knows these now. */
  reported(refusals: readonly TurnRefusal[]): void {
    this.#pending = this.#pending.filter((refusal) => !refusals.includes(refusal));
  }

  /** ICE asks all servers again: their refusals count as new, unless the earlier one was not reported yet. */
  restart(): void {
    this.#known.clear();
    for (const refusal of this.#pending) this.#known.add(keyOf(refusal));
  }
}

function keyOf({ url, code }: TurnRefusal): string {
  return `${code} ${url}`;
}
