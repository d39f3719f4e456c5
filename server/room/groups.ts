// Members by a key, so that those of one key are found without a look at all others.

export class Groups<K, V> {
  readonly #groups = new Map<K, Set<V>>();

  add(key: K, member: V): void {
    const group = this.#groups.get(key);
    if (group) group.add(member);
    else this.#groups.set(key, new Set([member]));
  }

  /** A key without members is forgotten. */
  delete(key: K, member: V): void {
    const group = this.#groups.get(key);
    if (group?.delete(member) && group.size === 0) this.#groups.delete(key);
  }

  clear(): void {
    this.#groups.clear();
  }

  /** Keys that have members, as they are now. */
  get keys(): readonly K[] {
    return [...this.#groups.keys()];
  }

  of(key: K): readonly V[] {
    return [...(this.#groups.get(key) ?? [])];
  }
}
