// The operator's token: in memory, or for as long as the tab lives. Never in an address.

const KEY = 'parley.operator-token';

export const keptToken = {
  get(): string | undefined {
    try {
      return sessionStorage.getItem(KEY) ?? undefined;
    } catch {
      return undefined;
    }
  },
  /** undefined forgets it. */
  set(token: string | undefined): void {
    try {
      if (token === undefined) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, token);
    } catch {
      // Without storage the token is typed again after a reload.
    }
  },
};
