// Watches a figure for its highest value.

/** The highest value of a figure since it was last set. */
export class Highest implements Disposable {
  value = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(read: () => Promise<number>) {
    this.#timer = setInterval(() => {
      read().then(
        (value) => {
          this.value = Math.max(this.value, value);
        },
        () => {},
      );
    }, 500);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
