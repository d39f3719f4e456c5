// Tries every address of every TURN server: is the secret wrong, or a clock?
import type { TurnServer } from '../../cluster/turn.ts';
import { parseTurnUrl } from '../../turn/client/turn-url.ts';
import { credentialsFor } from '../../turn/pool/credentials.ts';
import { stunBinding } from '../../turn/probe/ice-check.ts';
import { type IceTarget, type ProbeResult, probeTurn } from '../../turn/probe/probe.ts';
import type { ClockBound } from '../diagnoses/clock.ts';
import { failed, ok, skipped, type Verdict } from '../finding.ts';
import type { Relay } from './address-facts.ts';

export interface TurnAttempt {
  server: TurnServer;
  url: string;
  result: ProbeResult;
  lasting: ProbeResult | undefined;
}

const PROBE_MS = 3_000;
const RETRY_MS = 2_000;
/** Addresses tried side by side. */
const AT_ONCE = 32;
/** Seen in the TURN server's log. */
const USER = 'parley-doctor';
const MINUTE_MS = 60_000;
const TEN_YEARS_MS = 10 * 365 * 24 * 60 * MINUTE_MS;

/** Never rejects. Many at once: most of a probe is waiting. */
export async function tryTurnServers(
  servers: readonly TurnServer[],
  target: IceTarget | undefined,
): Promise<TurnAttempt[]> {
  const all = servers.flatMap((server) => server.urls.map((url) => ({ server, url })));
  const attempts: TurnAttempt[] = [];
  const waiting = all.entries();
  const tryThem = async () => {
    for (const [place, { server, url }] of waiting) {
      attempts[place] = await tryOne(server, url, target);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tryThem));
  return attempts;
}

async function tryOne(
  server: TurnServer,
  url: string,
  target: IceTarget | undefined,
): Promise<TurnAttempt> {
  const { auth } = server;
  const result = await probeTurn({ url, ...credentials(auth), target, timeoutMs: PROBE_MS });
  const refused = !result.ok && result.failure === 'unauthorized';
  const lasting =
    refused && auth.kind === 'secret' ? await expiring(server, url, TEN_YEARS_MS) : undefined;
  return { server, url, result, lasting };
}

/** A STUN server has to do no more than answer. */
export async function tryStunServer(url: string): Promise<Verdict> {
  const parsed = parseTurnUrl(url);
  if (parsed?.scheme !== 'stun') return skipped('STUN over TLS is not tried.');
  const { host: address, port, transport: protocol } = parsed;
  const result = await stunBinding({ address, port, protocol, timeoutMs: RETRY_MS });
  if (result.ok)
    return ok(
      `It answers in ${Math.round(result.roundTripMs)} ms; we are ${result.mapped.address}.`,
    );
  const remedy = 'Start the STUN server, correct its address, or open its UDP port on the way.';
  return failed(
    result.failure === 'unresolvable' ? 'unresolvable' : 'stun_down',
    result.message,
    remedy,
  );
}

/**
 * Compares a server's clock with ours: it must take credentials that expire in a minute by our clock,
 * and refuse those that expired a minute ago. Servers that ignore the expiry are left out.
 */
export async function clockBounds(attempts: readonly TurnAttempt[]): Promise<ClockBound[]> {
  const usable = attempts.filter(
    ({ server, result, lasting }) =>
      server.auth.kind === 'secret' && (allocates(result) || lasting?.ok),
  );
  // One address of each server, and only some servers of a large pool.
  const each = [...new Map(usable.map((attempt) => [attempt.server.id, attempt])).values()];
  const bounds = await Promise.all(each.slice(0, 3).map(clockOf));
  return bounds.flat();
}

async function clockOf({ server, url }: TurnAttempt): Promise<ClockBound[]> {
  const [soon, past, longAgo] = await Promise.all([
    expiring(server, url, MINUTE_MS),
    expiring(server, url, -MINUTE_MS),
    expiring(server, url, -TEN_YEARS_MS),
  ]);
  const source = `the TURN server ${server.id}`;
  if (longAgo.ok || !isExpired(longAgo)) return [];
  if (past.ok) return [{ source, ours: 'ahead' }];
  if (isExpired(soon)) return [{ source, ours: 'behind' }];
  return soon.ok && isExpired(past) ? [{ source, ours: 'right' }] : [];
}

/** A server that works, or at least gives allocations. */
export function relayOf(attempts: readonly TurnAttempt[]): Relay | undefined {
  const best =
    attempts.find(({ result }) => result.ok) ??
    attempts.find(({ result, lasting }) => allocates(result) || lasting?.ok);
  if (!best) return undefined;
  const { server, url } = best;
  return { url, ...credentials(server.auth, best.lasting?.ok ? TEN_YEARS_MS : undefined) };
}

/** Whether it gives allocations, even if nothing comes through. */
function allocates(result: ProbeResult): boolean {
  return result.ok || result.failure === 'relay_blocked' || result.failure === 'forbidden';
}

function isExpired(result: ProbeResult): boolean {
  return !result.ok && result.failure === 'unauthorized';
}

/** An allocation with credentials that expire after this time, by our clock. */
function expiring({ auth }: TurnServer, url: string, inMs: number): Promise<ProbeResult> {
  return probeTurn({ url, ...credentials(auth, inMs), target: undefined, timeoutMs: RETRY_MS });
}

/** @param inMs when they expire; as those of browsers without it */
function credentials(auth: TurnServer['auth'], inMs?: number) {
  const ttlMs = auth.kind === 'secret' ? auth.ttlSeconds * 1_000 : 0;
  return credentialsFor(auth, USER, Date.now() + (inMs ?? ttlMs) - ttlMs);
}
