// The addresses of a host, within a time. Callers at the same time share one lookup.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TurnError } from './turn-client-error.ts';

/** Addresses of one name that are tried. */
const MAX_ADDRESSES = 3;
/** How long an answer serves. Probes ask for the same few names every few seconds. */
const KEPT_MS = 30_000;
/**
 * How long a name without an answer is not asked for again: the system's resolver takes few questions
 * at a time, and one slow name would delay all the others.
 */
const FAILED_MS = 10_000;
/** Names that are remembered: more than a pool has. */
const MAX_NAMES = 4_096;

interface Asked {
  readonly answer: Promise<string[]>;
  /** `performance.now()` until which it serves; undefined while it is on its way. */
  until: number | undefined;
}

const asked = new Map<string, Asked>();

/**
 * As the system resolves it, IPv4 first, as that is what most networks have. An IP address is its own
 * answer.
 *
 * @throws TurnError `unresolvable` or `timeout`
 */
export async function resolveHost(
  host: string,
  timeoutMs: number,
  family: 4 | 6 | 0 = 0,
): Promise<string[]> {
  if (isIP(host) > 0) return [host];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new TurnError('timeout', `The name server does not say where ${host} is.`));
  }, timeoutMs);
  try {
    return await Promise.race([ask(host, family), late.promise]);
  } catch (cause) {
    if (cause instanceof TurnError) throw cause;
    throw new TurnError('unresolvable', `The hostname ${host} has no address.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function ask(host: string, family: 4 | 6 | 0): Promise<string[]> {
  const key = `${family} ${host}`;
  const known = asked.get(key);
  if (known && (known.until === undefined || performance.now() < known.until)) return known.answer;
  const answer = lookup(host, { all: true, order: 'ipv4first', family }).then((found) =>
    found.slice(0, MAX_ADDRESSES).map(({ address }) => address),
  );
  const entry: Asked = { answer, until: undefined };
  const keep = (ms: number) => {
    entry.until = performance.now() + ms;
  };
  answer.then(
    () => keep(KEPT_MS),
    () => keep(FAILED_MS),
  );
  // The newest last: the first ones were not asked for lately.
  asked.delete(key);
  asked.set(key, entry);
  for (const oldest of asked.keys()) {
    if (asked.size <= MAX_NAMES) break;
    asked.delete(oldest);
  }
  return answer;
}
