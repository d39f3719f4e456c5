// The one error this folder throws: a sentence that the user can act on.

export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

/** The message of anything thrown, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch() hides the real reason (ENOTFOUND, ECONNREFUSED) in `cause`.
  const { cause } = error;
  const inner = cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : '';
  return (inner ? `${error.message}: ${inner}` : error.message).replace(/\s+/g, ' ').trim();
}
