// The right to see the recordings of a room: a token that a call gives, kept in this browser until it ends.

export interface Access {
  /** Secret. It is never in an address that is sent anywhere. */
  token: string;
  /** UTC seconds. Absent: not known. */
  expiresAt?: number;
}

export interface KeptAccess {
  /** @returns undefined when there is none, or none any more */
  token(): string | undefined;
  set(access: Access): void;
  forget(): void;
}

export function keptAccess(room: string): KeptAccess {
  const key = `parley.recordings:${room}`;
  const forget = () => quietly(() => localStorage.removeItem(key));
  return {
    token() {
      const access = readAccess(quietly(() => localStorage.getItem(key)) ?? '', Date.now());
      if (!access) forget();
      return access?.token;
    },
    set: (access) => quietly(() => localStorage.setItem(key, JSON.stringify(access))),
    forget,
  };
}

/** What is stored, as long as it is good. Pure. @param nowMs UTC milliseconds */
export function readAccess(json: string, nowMs: number): Access | undefined {
  try {
    const { token, expiresAt } = JSON.parse(json) as Record<string, unknown>;
    if (typeof token !== 'string' || token === '') return undefined;
    if (typeof expiresAt !== 'number') return { token };
    return expiresAt * 1000 > nowMs ? { token, expiresAt } : undefined;
  } catch {
    return undefined;
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
