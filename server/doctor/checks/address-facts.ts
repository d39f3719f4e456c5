// Tries our own media ports as browsers do: from this machine, and through a relay from outside.
import { isIPv4, isIPv6 } from 'node:net';
import { sameIp } from '../../turn/client/stun-message-address.ts';
import { TurnAllocation } from '../../turn/client/turn-client.ts';
import { TurnError } from '../../turn/client/turn-client-error.ts';
import { resolveHost } from '../../turn/client/turn-client-resolve.ts';
import { parseTurnUrl } from '../../turn/client/turn-url.ts';
import { checkIce, checkIceThrough, stunBinding } from '../../turn/probe/ice-check.ts';
import type { CheckResult } from '../../turn/probe/ice-check-result.ts';
import type { IceTarget } from '../../turn/probe/probe.ts';
import type { AddressFacts, Sight } from '../diagnoses/address.ts';

/** A TURN server that is known to give allocations. */
export interface Relay {
  url: string;
  username: string;
  credential: string;
}

/** One media port, and the kind of socket that answers on it. */
export interface MediaPort {
  port: number;
  udp: IceTarget | undefined;
  tcp: IceTarget | undefined;
}

export interface AddressOptions {
  address: string;
  announced: boolean;
  protocols: readonly ('udp' | 'tcp')[];
  local: readonly string[];
  /** Empty where no socket of ours can answer on the configured ports. */
  ports: readonly MediaPort[];
  /** The first port. */
  firstPort: number;
  relay: Relay | undefined;
  seen: AddressFacts['seen'];
}

const STUN_MS = 1_500;
const CHECK_MS = 1_600;
const ALLOCATE_MS = 2_000;
const RESOLVE_MS = 2_000;

/** The address that the first STUN server to answer sees us at. */
export async function seenFrom(
  stunUrls: readonly string[],
  from: { address: string; port: number | undefined },
): Promise<AddressFacts['seen']> {
  const udp = await firstMapped(stunUrls, 'udp', from.address, from.port);
  if (udp) return { address: udp.address, port: from.port === undefined ? undefined : udp.port };
  // Where UDP is blocked, TCP still shows the address.
  const tcp = await firstMapped(stunUrls, 'tcp', from.address, undefined);
  return tcp && { address: tcp.address, port: undefined };
}

async function firstMapped(
  urls: readonly string[],
  protocol: 'udp' | 'tcp',
  localAddress: string,
  localPort: number | undefined,
): Promise<{ address: string; port: number } | undefined> {
  const servers = urls.flatMap((url) => {
    const parsed = parseTurnUrl(url);
    const fits = parsed && !parsed.scheme.endsWith('s') && parsed.transport === protocol;
    return fits ? [{ address: parsed.host, port: parsed.port }] : [];
  });
  // One after the other from the same port. The second is asked only if the first does not answer.
  for (const server of servers.slice(0, 2)) {
    const result = await stunBinding({
      ...{ ...server, protocol, localAddress, localPort, timeoutMs: STUN_MS },
    });
    if (result.ok) return result.mapped;
  }
  return undefined;
}

/** Facts of each media port. */
export async function addressFacts(options: AddressOptions): Promise<AddressFacts[]> {
  const { address, announced, protocols, local, ports, firstPort, relay, seen } = options;
  const resolved = await resolveHost(address, RESOLVE_MS).catch(() => []);
  const base = { address, announced, resolved, protocols, local, seen };
  const [ip] = resolved;
  if (ip === undefined || ports.length === 0) {
    const nothing = { inside: { udp: undefined, tcp: undefined }, outside: undefined };
    const busy = ports.length === 0;
    return [{ ...base, ...nothing, busy, outsideAtSeen: undefined, port: firstPort }];
  }
  const allocation = await openRelay(relay, local, isIPv6(ip) ? 6 : 4);
  try {
    return await Promise.all(
      ports.map(async ({ port, udp, tcp }) => {
        const [udpSight, tcpSight, outside, outsideAtSeen] = await Promise.all([
          udp && look(ip, port, 'udp', udp),
          tcp && look(ip, port, 'tcp', tcp),
          udp && allocation && lookThrough(allocation, { address: ip, port }, udp),
          udp && allocation && seen && !isSame(seen, ip, port)
            ? lookThrough(allocation, { ...seen, port: seen.port ?? port }, udp)
            : undefined,
        ]);
        const inside = { udp: udpSight, tcp: tcpSight };
        return { ...base, inside, outside, outsideAtSeen, port, busy: false };
      }),
    );
  } finally {
    await allocation?.close();
  }
}

/** A relay on this very machine does not look from outside. */
async function openRelay(
  relay: Relay | undefined,
  local: readonly string[],
  family: 4 | 6,
): Promise<TurnAllocation | undefined> {
  if (!relay) return undefined;
  try {
    const allocation = await TurnAllocation.open({ ...relay, family, timeoutMs: ALLOCATE_MS });
    const isHere = local.some((own) => sameIp(own, allocation.relayed.address));
    if (!isHere) return allocation;
    await allocation.close();
    return undefined;
  } catch (error) {
    if (error instanceof TurnError) return undefined;
    throw error;
  }
}

async function look(
  address: string,
  port: number,
  protocol: 'udp' | 'tcp',
  target: IceTarget,
): Promise<Sight> {
  return sightOf(
    await checkIce({ ...{ address, port, protocol }, ...target, timeoutMs: CHECK_MS }),
  );
}

async function lookThrough(
  allocation: TurnAllocation,
  to: { address: string; port: number },
  target: IceTarget,
): Promise<Sight | undefined> {
  if (isIPv4(to.address) !== isIPv4(allocation.relayed.address)) return undefined;
  try {
    return sightOf(await checkIceThrough(allocation, to, target, CHECK_MS));
  } catch (error) {
    // The server does not relay to there: no view.
    if (error instanceof TurnError) return undefined;
    throw error;
  }
}

function isSame(seen: NonNullable<AddressFacts['seen']>, ip: string, port: number): boolean {
  return sameIp(seen.address, ip) && (seen.port ?? port) === port;
}

function sightOf(result: CheckResult): Sight {
  if (result.ok) return 'ok';
  if (result.failure === 'wrong_answer') return 'wrong_answer';
  return result.failure === 'refused_connection' ? 'refused' : 'no_answer';
}
