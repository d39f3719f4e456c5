// The right to see the recordings of a room: tokens that calls give, kept in this browser until they end.

export interface Access {
  /** Secret. It is never in an address that is sent anywhere. */
  token: string;
  /** UTC seconds. Absent: not known. */
  expiresAt?: number;
}

export interface KeptAccess {
  /** @returns undefined when there is none, or none any more */
  token(): string | undefined;
  add(access: Access): void;
  /** The server does not take it. */
  forget(token: string): void;
}

/** A token lasts a day: who comes back more often has calls that overlap. */
const MOST = 8;

export function keptAccess(room: string): KeptAccess {
  const key = `parley.recordings:${room}`;
  const read = () => readAccesses(quietly(() => localStorage.getItem(key)) ?? '', Date.now());
  const write = (accesses: readonly Access[]) =>
    quietly(() => {
      if (accesses.length === 0) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(accesses));
    });
  return {
    token: () => bestAccess(read())?.token,
    add: (access) => write(withAccess(read(), access)),
    forget: (token) => write(read().filter((each) => each.token !== token)),
  };
}

/** What is stored, as far as it is good. Pure. @param nowMs UTC milliseconds */
export function readAccesses(json: string, nowMs: number): Access[] {
  try {
    const stored: unknown = JSON.parse(json);
    return Array.isArray(stored) ? stored.flatMap((each) => readAccess(each, nowMs)) : [];
  } catch {
    return [];
  }
}

/**
 * A token of an open room shows what ended after its holder came: one of a later call does not
 * replace that of an earlier one. A token that sees no more than another, and no longer, goes. Pure.
 */
export function withAccess(accesses: readonly Access[], given: Access): Access[] {
  const isLess = (one: Access, other: Access) =>
    sinceOf(other.token) <= sinceOf(one.token) && expiryOf(other) >= expiryOf(one);
  const others = accesses.filter((each) => each.token !== given.token && !isLess(each, given));
  return [...others, given].slice(-MOST);
}

/** The one that sees most. Pure. */
export function bestAccess(accesses: readonly Access[]): Access | undefined {
  return accesses.toSorted(
    (one, other) => sinceOf(one.token) - sinceOf(other.token) || expiryOf(other) - expiryOf(one),
  )[0];
}

function readAccess(value: unknown, nowMs: number): Access[] {
  if (typeof value !== 'object' || value === null) return [];
  const { token, expiresAt } = value as Record<string, unknown>;
  if (typeof token !== 'string' || token === '') return [];
  if (typeof expiresAt !== 'number') return [{ token }];
  return expiresAt * 1000 > nowMs ? [{ token, expiresAt }] : [];
}

function expiryOf({ expiresAt }: Access): number {
  return expiresAt ?? 0;
}

/** What ended before is not shown; UTC milliseconds. 0: all is. Read from the claims, which only the server checks. */
function sinceOf(token: string): number {
  try {
    const [, payload = ''] = token.split('.');
    const { since } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof since === 'number' ? since : 0;
  } catch {
    return 0;
  }
}

/** Private windows refuse storage. Then the right lasts as long as the page. */
function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
