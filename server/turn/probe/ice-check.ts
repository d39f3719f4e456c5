// One ICE connectivity check (RFC 8445 §7.2), direct or through a relay: shows whether media gets there and
// back.
import { randomBytes } from 'node:crypto';
import {
  ATTRIBUTE,
  addressOf,
  encodeStun,
  errorOf,
  hasIntegrity,
  METHOD,
  newTransactionId,
  parseStun,
  shortTermKey,
  uint32,
} from '../client/stun-message.ts';
import { sameIp, type TransportAddress } from '../client/stun-message-address.ts';
import { ICE_TCP_FRAMING, TURN_FRAMING } from '../client/stun-stream.ts';
import type { TurnAllocation } from '../client/turn-client.ts';
import { type Endpoint, exchange, type Judged, repeat } from './ice-check-exchange.ts';
import type { CheckResult } from './ice-check-result.ts';

/** An ICE-lite agent, such as a mediasoup transport: it answers checks with its credentials. */
export interface IceCredentials {
  usernameFragment: string;
  password: string;
}

export interface CheckOptions extends Endpoint, IceCredentials {
  timeoutMs: number;
}

/** RFC 8445 §5.1.2.1: a peer-reflexive candidate of component 1. */
const PRIORITY = 0x6e_ff_ff_ff;
const OUR_FRAGMENT_BYTES = 6;
const TIE_BREAKER_BYTES = 8;

interface Check {
  packet: Buffer;
  judge(packet: Buffer): Judged;
}

/**
 * Sends a check to a media port, as a browser does before anything else. Never rejects.
 */
export async function checkIce(options: CheckOptions): Promise<CheckResult> {
  return exchange(options, { ...iceCheck(options), framing: ICE_TCP_FRAMING }, options.timeoutMs);
}

/**
 * The same through a relay: the way of a browser's relayed packets, up to the media port and back.
 *
 * @throws TurnError when the server does not relay to this address
 */
export async function checkIceThrough(
  allocation: TurnAllocation,
  to: TransportAddress,
  credentials: IceCredentials,
  timeoutMs: number,
): Promise<CheckResult> {
  const startedAt = performance.now();
  await allocation.createPermission(to.address, timeoutMs);
  const check = iceCheck(credentials);
  const unsubscribe = new AbortController();
  try {
    const left = Math.max(1, timeoutMs - (performance.now() - startedAt));
    return await repeat(`${to.address}:${to.port} behind the relay`, left, {
      repeats: true,
      send: () => allocation.send(check.packet, to),
      listen(receive, fail) {
        allocation.listen(unsubscribe.signal, {
          data(data, from) {
            const isFromTarget = from.port === to.port && sameIp(from.address, to.address);
            if (isFromTarget) receive(check.judge(data));
          },
          end: fail,
        });
      },
    });
  } finally {
    unsubscribe.abort();
  }
}

export interface BindingOptions extends Endpoint {
  timeoutMs: number;
}

/**
 * Asks a STUN server, or a TURN server, for our address as it sees it. Never rejects.
 */
export async function stunBinding(options: BindingOptions): Promise<CheckResult> {
  const transactionId = newTransactionId();
  const packet = encodeStun({ method: METHOD.binding, class: 'request', transactionId });
  const judge = (answer: Buffer): Judged => {
    const message = parseStun(answer);
    if (!message) return { kind: 'noise' };
    const isOurs = message.transactionId.equals(transactionId) && message.method === METHOD.binding;
    if (!isOurs) return { kind: 'noise' };
    const mapped = addressOf(message, ATTRIBUTE.xorMappedAddress);
    if (message.class === 'success' && mapped) return { kind: 'answer', mapped };
    return { kind: 'wrong', message: 'It answers, but not with our address.' };
  };
  return exchange(options, { packet, judge, framing: TURN_FRAMING }, options.timeoutMs);
}

function iceCheck({ usernameFragment, password }: IceCredentials): Check {
  const transactionId = newTransactionId();
  const key = shortTermKey(password);
  const ours = randomBytes(OUR_FRAGMENT_BYTES).toString('base64url');
  const packet = encodeStun({
    method: METHOD.binding,
    class: 'request',
    transactionId,
    attributes: [
      [ATTRIBUTE.username, Buffer.from(`${usernameFragment}:${ours}`)],
      [ATTRIBUTE.priority, uint32(PRIORITY)],
      [ATTRIBUTE.iceControlling, randomBytes(TIE_BREAKER_BYTES)],
    ],
    key,
    fingerprint: true,
  });
  const judge = (answer: Buffer): Judged => {
    const message = parseStun(answer);
    if (!message?.transactionId.equals(transactionId)) return { kind: 'noise' };
    if (message.method !== METHOD.binding || message.class === 'request') return { kind: 'noise' };
    const mapped = addressOf(message, ATTRIBUTE.xorMappedAddress);
    const genuine = hasIntegrity(message, key);
    if (message.class === 'success' && genuine && mapped) return { kind: 'answer', mapped };
    const error = errorOf(message);
    const what = error ? `it refuses the check (${error.code})` : 'it does not know our password';
    return { kind: 'wrong', message: `Something answers there, but ${what}.` };
  };
  return { packet, judge };
}
