// Which of some counters grow now, looked at again and again. Pure.

/** A fake microphone beeps once a second: a look this long ago is compared with, so that each beeps in between. */
const WINDOW_MS = 2_500;

/** What counted once and has ended, such as a track of before, is among them for the length of a window only. */
export class Growing {
  readonly #looks: { at: number; values: ReadonlyMap<string, number> }[] = [];

  /**
   * @param values by name, at this moment; one that is not known yet began at 0
   * @param at milliseconds
   * @returns the names of those that have grown, none at the first look
   */
  look(values: ReadonlyMap<string, number>, at: number): string[] {
    this.#looks.push({ at, values });
    // The oldest look of the window, and what came before it is forgotten.
    while (this.#looks[1] && this.#looks[1].at <= at - WINDOW_MS) this.#looks.shift();
    const before = this.#looks[0]?.values ?? values;
    if (before === values) return [];
    return [...values]
      .filter(([name, value]) => value > (before.get(name) ?? 0))
      .map(([name]) => name);
  }
}
