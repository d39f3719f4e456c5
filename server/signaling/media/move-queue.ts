// Moves of media that wait for their turn: a bounded number at once, the next as soon as one is done.

export interface MoveQueueOptions<S> {
  /** Moves under way at once. */
  atOnce: number;
  /** Moves begun after one offer; any number without it. */
  perOffer?: number;
  /** @returns whether it moved. Never rejects */
  move(session: S): Promise<boolean>;
  /** Before a session is tried again that no node could take. Milliseconds. */
  retryMs: number;
  /** Milliseconds of any clock that does not run backwards. */
  now?: () => number;
}

export class MoveQueue<S extends object> {
  readonly #options: MoveQueueOptions<S>;
  readonly #now: () => number;
  readonly #moving = new Set<S>();
  readonly #notBefore = new WeakMap<S, number>();
  #waiting: readonly S[] = [];
  #next = 0;
  #begun = 0;

  constructor(options: MoveQueueOptions<S>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** These sessions have to move, in this order. They replace those that waited until now. */
  offer(sessions: readonly S[]): void {
    this.#waiting = sessions;
    this.#next = 0;
    this.#begun = 0;
    this.#pump();
  }

  #pump(): void {
    const { atOnce, perOffer = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#moving.size < atOnce && this.#begun < perOffer) {
      const session = this.#waiting[this.#next];
      if (session === undefined) return;
      this.#next += 1;
      if (this.#moving.has(session)) continue;
      if ((this.#notBefore.get(session) ?? 0) > this.#now()) continue;
      this.#moving.add(session);
      this.#begun += 1;
      void this.#options.move(session).then((moved) => {
        this.#moving.delete(session);
        if (!moved) this.#notBefore.set(session, this.#now() + this.#options.retryMs);
        this.#pump();
      });
    }
  }
}
