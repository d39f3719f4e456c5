// Tries a TURN server as a browser would use it: an allocation, and a packet through it to our media.
import { isIPv4 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransportAddress } from '../client/stun-message-address.ts';
import { addressText } from '../client/stun-message-address.ts';
import { TurnAllocation } from '../client/turn-client.ts';
import { type ProbeFailure, TurnError } from '../client/turn-client-error.ts';
import { resolveHost } from '../client/turn-client-resolve.ts';
import { checkIceThrough } from './ice-check.ts';
import type { CheckResult } from './ice-check-result.ts';

export type { ProbeFailure };

/** A media port of ours, with the credentials that it answers to. */
export interface IceTarget {
  candidates: { address: string; port: number; protocol: 'udp' | 'tcp' }[];
  usernameFragment: string;
  password: string;
}

export interface ProbeOptions {
  url: string;
  username: string;
  credential: string;
  /** A check is sent here through the relay. Without it, only an allocation is tried. */
  target: IceTarget | undefined;
  /** For the whole probe; milliseconds. */
  timeoutMs: number;
  /** Authorities (PEM) to trust besides the usual ones. */
  tlsCa?: string | undefined;
}

export type ProbeResult =
  | {
      ok: true;
      /** Round trip of the check through the relay. Without a target, of the allocation. */
      roundTripMs: number;
      mapped: TransportAddress;
      relayed: TransportAddress;
    }
  | {
      ok: false;
      failure: ProbeFailure;
      /** A sentence for an operator, without secrets. */
      message: string;
      code?: number;
    };

/** Kept for giving the allocation back when everything else took its whole time. */
const CLOSING_MS = 250;

/**
 * The next address is only tried when the one before has not answered for so long. Some of ours may be
 * internal ones, which the relay has no route to; coturn then gives up the whole allocation.
 */
const PACING_MS = 200;

/** Never rejects. */
export async function probeTurn(options: ProbeOptions): Promise<ProbeResult> {
  const workMs = Math.max(options.timeoutMs / 2, options.timeoutMs - CLOSING_MS);
  const deadline = performance.now() + workMs;
  let allocation: TurnAllocation | undefined;
  try {
    const { url, username, credential, tlsCa, target } = options;
    const candidates = await udpCandidates(target, workMs);
    const onlyIPv6 = candidates.length > 0 && !candidates.some(({ address }) => isIPv4(address));
    allocation = await TurnAllocation.open({
      ...{ url, username, credential, tlsCa, timeoutMs: left(deadline) },
      // Browsers ask for an IPv4 relay. Where all media is IPv6, it would prove nothing.
      ...(onlyIPv6 && { family: 6 as const }),
    });
    const { mapped, relayed, roundTripMs } = allocation;
    if (!target) return { ok: true, roundTripMs, mapped, relayed };
    const check = await checkAny(allocation, candidates, target, deadline);
    return { ok: true, roundTripMs: check.roundTripMs, mapped, relayed };
  } catch (error) {
    return failed(error);
  } finally {
    await allocation?.close();
  }
}

type Success = Extract<CheckResult, { ok: true }>;

/** @throws TurnError when none of them answers through the relay */
async function checkAny(
  allocation: TurnAllocation,
  candidates: readonly TransportAddress[],
  target: IceTarget,
  deadline: number,
): Promise<Success> {
  const reachable = candidates.filter(
    ({ address }) => isIPv4(address) === isIPv4(allocation.relayed.address),
  );
  if (reachable.length === 0) {
    throw new TurnError(
      'relay_blocked',
      'The relay has no UDP address of ours to send to: its address is of another family than all of them, or media takes TCP only.',
    );
  }
  const pacingMs = Math.min(PACING_MS, left(deadline) / 2 / reachable.length);
  const over = new AbortController();
  const checks = reachable.map(async (to, index) => {
    await sleep(index * pacingMs, undefined, { signal: over.signal });
    const result = await checkIceThrough(allocation, to, target, left(deadline));
    if (result.ok) return result;
    throw new TurnError('relay_blocked', result.message);
  });
  try {
    return await Promise.any(checks);
  } catch (error) {
    throw verdict(error instanceof AggregateError ? error.errors : [error], reachable);
  } finally {
    over.abort();
  }
}

/** Joins the failures of all candidates. */
function verdict(errors: readonly unknown[], tried: readonly TransportAddress[]): unknown {
  const foreign = errors.find((error) => !(error instanceof TurnError));
  if (foreign !== undefined) return foreign;
  const refusals = errors.filter((error) => error instanceof TurnError);
  const where = tried.map(addressText).join(', ');
  const [denied] = refusals.filter(({ failure }) => failure === 'forbidden');
  if (denied && refusals.every(({ failure }) => failure === 'forbidden')) {
    return new TurnError(
      'forbidden',
      `The TURN server denies relaying to ${where} (403; in coturn: not among allowed-peer-ip, or no allow-loopback-peers).`,
      { code: 403 },
    );
  }
  const other = refusals.find(
    ({ failure }) => !['relay_blocked', 'forbidden', 'timeout'].includes(failure),
  );
  if (other) return other;
  const also = denied ? ' Some of these addresses it denies.' : '';
  return new TurnError(
    'relay_blocked',
    `The TURN server grants an allocation, but no answer of the media ports comes back through it; tried ${where}.${also}`,
  );
}

/** TURN as browsers use it relays UDP only. A name that has no address is no candidate. */
async function udpCandidates(
  target: IceTarget | undefined,
  timeoutMs: number,
): Promise<TransportAddress[]> {
  const udp = (target?.candidates ?? []).filter(({ protocol }) => protocol === 'udp');
  const resolved = udp.map(async ({ address, port }) => {
    const addresses = await resolveHost(address, timeoutMs).catch(() => []);
    return addresses.map((ip) => ({ address: ip, port }));
  });
  return (await Promise.all(resolved)).flat();
}

function failed(error: unknown): ProbeResult {
  if (error instanceof TurnError) {
    const { failure, message, code } = error;
    return { ok: false, failure, message, ...(code !== undefined && { code }) };
  }
  const message = `The probe itself failed: ${error instanceof Error ? error.message : String(error)}`;
  return { ok: false, failure: 'protocol', message };
}

function left(deadline: number): number {
  return Math.max(1, deadline - performance.now());
}
