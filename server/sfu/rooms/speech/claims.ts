// Claims of participants that they begin to speak: a few at a time, and each has to prove true.
import type { Resources, Timer } from '../../../telemetry/resources.ts';

export interface ClaimsOptions {
  /** Claims at once that are not confirmed yet. More are refused, so that a crowd that lies replaces few voices. */
  most: number;
  /** Nothing was heard of a participant who claimed to speak. */
  onUnconfirmed(producerId: string): void;
  resources: Resources;
}

/**
 * Until then a router has to report the voice. A client holds its first word back for up to a second, and a router
 * reports every 300 ms.
 */
export const CONFIRM_MS = 2_000;
/** After a claim that was not confirmed, further ones of the same track are refused for this long. */
export const REFUSE_MS = 10_000;

type Claim =
  | { readonly name: 'open'; readonly timer: Timer }
  | { readonly name: 'refused'; readonly timer: Timer };

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #claims = new Map<string, Claim>();
  #open = 0;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** @returns whether the voice may take a place among those that are heard */
  grant(producerId: string): boolean {
    const known = this.#claims.get(producerId);
    if (known) return known.name === 'open';
    const { most, resources } = this.#options;
    if (this.#open >= most) return false;
    const timer = resources.after(CONFIRM_MS, () => this.#refuse(producerId));
    this.#set(producerId, { name: 'open', timer });
    return true;
  }

  /** Routers hear these. */
  confirm(producerIds: readonly string[]): void {
    for (const producerId of producerIds) {
      if (this.#claims.get(producerId)?.name === 'open') this.#set(producerId, undefined);
    }
  }

  /** Idempotent. */
  close(): void {
    for (const producerId of [...this.#claims.keys()]) this.#set(producerId, undefined);
  }

  #refuse(producerId: string): void {
    const timer = this.#options.resources.after(REFUSE_MS, () => this.#set(producerId, undefined));
    this.#set(producerId, { name: 'refused', timer });
    this.#options.onUnconfirmed(producerId);
  }

  #set(producerId: string, claim: Claim | undefined): void {
    const before = this.#claims.get(producerId);
    before?.timer.close();
    if (before?.name === 'open') this.#open -= 1;
    if (claim?.name === 'open') this.#open += 1;
    if (claim) this.#claims.set(producerId, claim);
    else this.#claims.delete(producerId);
  }
}
