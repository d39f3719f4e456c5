// The `web` replica that has a participant's session: events of the participant's media go there alone.
export class SessionHolder {
  #fence: number;
  #replica: string | undefined;

  /** @param replica undefined where a replica of an older release names none: its events go to the whole room */
  constructor(fence: number, replica: string | undefined) {
    this.#fence = fence;
    this.#replica = replica;
  }

  /** The fence of the newest guard of the session that is known here. */
  get fence(): number {
    return this.#fence;
  }

  get replica(): string | undefined {
    return this.#replica;
  }

  /** Another replica has claimed the session, or the same one again. An older claim that comes late changes nothing. */
  claimedWith(fence: number, replica: string | undefined): void {
    if (fence < this.#fence) return;
    this.#fence = fence;
    this.#replica = replica;
  }
}
