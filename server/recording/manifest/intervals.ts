// Sets of time: intervals that are in order and do not touch, and what can be made of two such sets.

/** UTC milliseconds; `to` is not part of it. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** In order, without empty ones; those that overlap or touch are one. */
export function union(intervals: readonly Interval[]): Interval[] {
  const joined: { from: number; to: number }[] = [];
  const ordered = intervals
    .filter(({ from, to }) => to > from)
    .toSorted((one, other) => one.from - other.from);
  for (const { from, to } of ordered) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** @param wanted and @param covered in any order */
export function without(wanted: readonly Interval[], covered: readonly Interval[]): Interval[] {
  const holes = union(covered);
  return union(wanted).flatMap(({ from, to }) => {
    const left: Interval[] = [];
    let begin = from;
    for (const hole of holes) {
      if (hole.to <= begin || hole.from >= to) continue;
      if (hole.from > begin) left.push({ from: begin, to: hole.from });
      begin = Math.max(begin, hole.to);
    }
    return begin < to ? [...left, { from: begin, to }] : left;
  });
}

export function common(one: readonly Interval[], other: readonly Interval[]): Interval[] {
  return without(one, without([{ from: -Infinity, to: Infinity }], other));
}

export function includes(intervals: readonly Interval[], at: number): boolean {
  return intervals.some(({ from, to }) => from <= at && at < to);
}

/** When something is so: told one change after the other, and at last the end. */
export class Spell {
  readonly #past: Interval[] = [];
  #since: number | undefined;

  set(is: boolean, at: number): void {
    if (is) {
      this.#since ??= at;
    } else if (this.#since !== undefined) {
      this.#past.push({ from: this.#since, to: at });
      this.#since = undefined;
    }
  }

  get is(): boolean {
    return this.#since !== undefined;
  }

  until(end: number): Interval[] {
    const open = this.#since === undefined ? [] : [{ from: this.#since, to: end }];
    return union([...this.#past, ...open]);
  }
}
