// Sends one packet until something answers it, or the time is over.
import { isIPv4 } from 'node:net';
import { addressText, type TransportAddress } from '../client/stun-message-address.ts';
import type { Framing } from '../client/stun-stream.ts';
import { TurnError } from '../client/turn-client-error.ts';
import { Link } from '../client/turn-client-link.ts';
import { resolveHost } from '../client/turn-client-resolve.ts';
import type { CheckResult } from './ice-check-result.ts';

export interface Endpoint {
  /** An IP address or a hostname. */
  address: string;
  port: number;
  protocol: 'udp' | 'tcp';
  /** The local address and port; any without it. */
  localAddress?: string | undefined;
  localPort?: number | undefined;
}

/** The judgement of a received packet. */
export type Judged =
  | { kind: 'answer'; mapped: TransportAddress }
  | { kind: 'wrong'; message: string }
  /** Not an answer to our request; the right one may follow. */
  | { kind: 'noise' };

export interface Exchange {
  packet: Buffer;
  framing: Framing;
  judge(packet: Buffer): Judged;
}

interface Way {
  /** Packets get lost on it. */
  repeats: boolean;
  send(): void;
  listen(receive: (judged: Judged) => void, fail: (error: TurnError) => void): void;
}

/** RFC 8489 §6.2.1: the first repetition after RTO, each further one after twice as long. */
const RTO_MS = 500;
const MAX_SENT = 7;

/** Never rejects. */
export async function exchange(
  { address, port, protocol, localAddress, localPort }: Endpoint,
  { packet, framing, judge }: Exchange,
  timeoutMs: number,
): Promise<CheckResult> {
  const deadline = performance.now() + timeoutMs;
  const left = () => Math.max(1, deadline - performance.now());
  let link: Link | undefined;
  try {
    const family = localAddress === undefined ? 0 : isIPv4(localAddress) ? 4 : 6;
    const [ip = address] = await resolveHost(address, timeoutMs, family);
    const to = { address: ip, port };
    const opened = await Link.open({
      ...{ to, protocol, framing, localAddress, localPort },
      timeoutMs: left(),
    });
    link = opened;
    const { local } = opened;
    const result = await repeat(`${addressText(to)} (${protocol.toUpperCase()})`, left(), {
      repeats: protocol === 'udp',
      send: () => opened.send(packet),
      listen(receive, fail) {
        opened.onPacket = (received) => receive(judge(received));
        opened.onEnd = fail;
      },
    });
    return result.ok ? { ...result, local } : result;
  } catch (error) {
    if (error instanceof TurnError) return failed(error);
    throw error;
  } finally {
    link?.close();
  }
}

/**
 * Sends until there is a judgement. Never rejects.
 *
 * @param where names what is asked, for messages
 */
export async function repeat(where: string, timeoutMs: number, way: Way): Promise<CheckResult> {
  const result = Promise.withResolvers<CheckResult>();
  const timers = new Set<NodeJS.Timeout>();
  let noise = false;
  let sentAt = 0;
  const send = (count: number) => {
    sentAt = performance.now();
    if (way.repeats && count < MAX_SENT) {
      timers.add(setTimeout(() => send(count + 1), RTO_MS * 2 ** (count - 1)));
    }
    way.send();
  };
  way.listen(
    (judged) => {
      if (judged.kind === 'noise') noise = true;
      else if (judged.kind === 'wrong') {
        result.resolve({ ok: false, failure: 'wrong_answer', message: judged.message });
      } else {
        const roundTripMs = performance.now() - sentAt;
        result.resolve({ ok: true, roundTripMs, mapped: judged.mapped, local: undefined });
      }
    },
    (error) => result.resolve(failed(error)),
  );
  timers.add(
    setTimeout(() => {
      result.resolve(
        noise
          ? { ok: false, failure: 'wrong_answer', message: `What ${where} answers is no answer.` }
          : { ok: false, failure: 'no_answer', message: `${where} does not answer.` },
      );
    }, timeoutMs),
  );
  send(1);
  try {
    return await result.promise;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function failed({ failure, message }: TurnError): CheckResult {
  if (failure === 'timeout') return { ok: false, failure: 'no_answer', message };
  if (failure === 'protocol') return { ok: false, failure: 'wrong_answer', message };
  if (failure === 'unresolvable') return { ok: false, failure, message };
  return { ok: false, failure: 'refused_connection', message };
}
