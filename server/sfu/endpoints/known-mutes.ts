// The room's newest word on whether each track is muted, which may come before the track does.

export class KnownMutes {
  readonly #known = new Map<string, { muted: boolean; version: number }>();

  /** Two replicas may tell of two changes in any order: the room's newer one counts. */
  now(trackId: string, muted: boolean, version?: number): boolean {
    const known = this.#known.get(trackId);
    if (known && version !== undefined && version < known.version) return known.muted;
    this.#known.set(trackId, { muted, version: version ?? known?.version ?? 0 });
    return muted;
  }

  forget(trackId: string): void {
    this.#known.delete(trackId);
  }
}
