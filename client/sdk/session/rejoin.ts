// Keeps a token to rejoin the room after a restart of the server, even if the invitation has expired.
import type { Rejoin as Given } from '../../../shared/protocol/entry-messages.ts';

/** Part of its lifetime after which a rejoin token is renewed: two failures in a row cost nothing. */
const RENEW_AFTER = 1 / 3;

export class Rejoin {
  readonly #ask: () => Promise<Given | undefined>;
  #given: Given | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ask the server for a new one; rejects while there is no link */
  constructor(ask: () => Promise<Given | undefined>) {
    this.#ask = ask;
  }

  get token(): string | undefined {
    return this.#given?.token;
  }

  /** Takes the token that the server gave, or its notice that rooms are open. */
  take(given: Given | undefined): void {
    this.#given = given;
    clearTimeout(this.#timer);
    if (given) this.#renewLater(given);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#given = undefined;
  }

  #renewLater(given: Given): void {
    this.#timer = setTimeout(() => {
      this.#ask().then(
        (next) => {
          // A server that could not mint one now may later.
          if (this.#given === given) this.take(next ?? given);
        },
        () => {
          if (this.#given === given) this.#renewLater(given);
        },
      );
    }, given.forMs * RENEW_AFTER);
  }
}
