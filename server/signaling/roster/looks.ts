// Whom one client of a large room is kept up to date about besides the stage, and why: consumers and pages. Pure.

export interface Received {
  readonly consumerId: string;
  readonly owner: string;
}

/** A list of names and a stage, and of each the page before: one turns back. */
const PAGES = 4;

export class Looks {
  readonly #epochs = new Map<number, Map<string, string>>();
  /** By what was asked for, the newest last. */
  readonly #pages = new Map<string, readonly string[]>();
  /** How many reasons there are for each. */
  readonly #reasons = new Map<string, number>();
  readonly #leaving = new Set<string>();

  /** The client is kept up to date about the participant, or has not been told yet that it is not any more. */
  has(participantId: string): boolean {
    return this.#reasons.has(participantId) || this.#leaving.has(participantId);
  }

  /** There is a reason to keep the client up to date about the participant. */
  needs(participantId: string): boolean {
    return this.#reasons.has(participantId);
  }

  /** All of {@link has}. */
  get ids(): string[] {
    return [...this.#reasons.keys(), ...this.#leaving];
  }

  get isLeaving(): boolean {
    return this.#leaving.size > 0;
  }

  /** @param query what the client asked for: the same again takes the place of the answer before */
  page(query: string, ids: readonly string[]): void {
    for (const id of ids) this.#add(id);
    this.#dropPage(query);
    this.#pages.set(query, ids);
    const [oldest] = this.#pages.keys();
    if (oldest !== undefined && this.#pages.size > PAGES) this.#dropPage(oldest);
  }

  receive(epoch: number, { consumerId, owner }: Received): void {
    const consumers = this.#epochs.get(epoch) ?? new Map<string, string>();
    this.#epochs.set(epoch, consumers);
    if (consumers.has(consumerId)) return;
    consumers.set(consumerId, owner);
    this.#add(owner);
  }

  close(epoch: number, consumerIds: readonly string[]): void {
    const consumers = this.#epochs.get(epoch);
    for (const id of consumerIds) this.#closeOne(consumers, id);
  }

  /**
   * A media session as it is: consumers of it that are not named are gone. While media moves the session before it
   * is there too, and no other.
   */
  offered(epoch: number, consumerIds: ReadonlySet<string>): void {
    const consumers = this.#epochs.get(epoch);
    for (const id of [...(consumers?.keys() ?? [])]) {
      if (!consumerIds.has(id)) this.#closeOne(consumers, id);
    }
    const [before] = [...this.#epochs.keys()].filter((other) => other < epoch).toSorted(descending);
    for (const [other, old] of this.#epochs) {
      if (other === epoch || other === before) continue;
      for (const id of [...old.keys()]) this.#closeOne(old, id);
      this.#epochs.delete(other);
    }
  }

  /** @returns those whom the client is not kept up to date about from now on */
  settle(): string[] {
    const left = [...this.#leaving];
    this.#leaving.clear();
    return left;
  }

  #dropPage(query: string): void {
    const ids = this.#pages.get(query) ?? [];
    this.#pages.delete(query);
    for (const id of ids) this.#drop(id);
  }

  #closeOne(consumers: Map<string, string> | undefined, consumerId: string): void {
    const owner = consumers?.get(consumerId);
    if (owner === undefined) return;
    consumers?.delete(consumerId);
    this.#drop(owner);
  }

  #add(id: string): void {
    this.#reasons.set(id, (this.#reasons.get(id) ?? 0) + 1);
    this.#leaving.delete(id);
  }

  #drop(id: string): void {
    const reasons = (this.#reasons.get(id) ?? 0) - 1;
    if (reasons > 0) this.#reasons.set(id, reasons);
    else if (this.#reasons.delete(id)) this.#leaving.add(id);
  }
}

function descending(a: number, b: number): number {
  return b - a;
}
