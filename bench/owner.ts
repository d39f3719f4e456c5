// Owns what a benchmark opens, as a test owns what it opens.
import type { Owner } from '../test/support/server/owned.ts';

export class BenchOwner implements Owner {
  /** The output of a run that did not fail is not needed. */
  readonly passed = true;
  readonly #closers: Array<() => unknown> = [];

  after: Owner['after'] = (close?: unknown) => {
    if (typeof close === 'function') this.#closers.push(close as () => unknown);
  };

  diagnostic(message: string): void {
    console.log(message);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
