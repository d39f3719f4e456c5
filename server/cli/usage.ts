// A command line that says nothing that can be done; its message says what would.

export class UsageError extends Error {
  override readonly name = 'UsageError';
}
