// Closes what a test opened, newest first, however the test ends.
import type { TestContext } from 'node:test';

/** A test, or whatever else ends at some time and closes then what it was given. */
export type Owner = Pick<TestContext, 'after' | 'diagnostic'>;

const stacks = new WeakMap<Owner, AsyncDisposableStack>();

/** Closes the stack's contents after the test. A failure to close fails the test. */
export function ownedBy(context: Owner): AsyncDisposableStack {
  const known = stacks.get(context);
  if (known) return known;
  const stack = new AsyncDisposableStack();
  stacks.set(context, stack);
  context.after(() => stack.disposeAsync());
  return stack;
}
