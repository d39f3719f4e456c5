// From the facts about an address, why media does or does not arrive at it. Pure.
import { BlockList, isIPv4 } from 'node:net';
import { sameIp } from '../../turn/client/stun-message-address.ts';
import { failed, ok, skipped, type Verdict, warning } from '../finding.ts';

/** How a check of one media port ended. */
export type Sight = 'ok' | 'no_answer' | 'refused' | 'wrong_answer';

export interface AddressFacts {
  /** As configured. */
  address: string;
  /** In ANNOUNCED_ADDRESS, or by the platform's variables; else it is only listened on. */
  announced: boolean;
  /** Empty when the name has no address. */
  resolved: readonly string[];
  /** The media port that was checked. */
  port: number;
  protocols: readonly ('udp' | 'tcp')[];
  /** Addresses of this machine: packets to them never leave it. */
  local: readonly string[];
  /** No socket of ours answers on the configured ports: another program has them, or no worker starts. */
  busy: boolean;
  /** Straight from this machine; undefined where it was not tried. */
  inside: { udp: Sight | undefined; tcp: Sight | undefined };
  /** Through a relay on another machine, by UDP; undefined without one. */
  outside: Sight | undefined;
  /** Our address as a STUN server sees it; the port if it was asked from there. */
  seen: { address: string; port: number | undefined } | undefined;
  /** Through the relay, to the address in `seen`. */
  outsideAtSeen: Sight | undefined;
}

const FORWARD =
  'Open it in the firewall of this machine and of the network, and forward it where there is NAT, with the same number outside as inside.';

export function diagnoseAddress(facts: AddressFacts): Verdict {
  const { address, announced, resolved, busy, protocols } = facts;
  if (resolved.length === 0) {
    return failed(
      'unresolvable',
      `The hostname ${address} has no address, so no browser can send to it.`,
      'Correct ANNOUNCED_ADDRESS, or the DNS record.',
    );
  }
  if (busy) return diagnoseBusy(facts);
  if (!protocols.includes('udp')) return diagnoseTcpOnly(facts);
  const { outside, inside } = facts;
  const works = outside === undefined ? inside.udp === 'ok' : outside === 'ok';
  if (!works) return whyNoUdp(facts);
  if (outside === undefined && isOurs(facts) && isSeenElsewhere(facts)) {
    return announced ? wrongAddress(facts, 'warning') : notAnnounced(facts);
  }
  if (protocols.includes('tcp') && inside.udp === 'ok' && inside.tcp !== 'ok') {
    return warning(
      'tcp_blocked',
      `UDP answers at ${where(facts)}, TCP does not: people in networks without UDP need a TURN server.`,
      `TCP port ${facts.port} is closed. ${FORWARD}`,
    );
  }
  return ok(howItWorks(facts));
}

function howItWorks(facts: AddressFacts): string {
  const { outside, inside } = facts;
  const tcp = inside.tcp === 'ok' ? ', and TCP from here' : '';
  if (outside === 'ok') return `${where(facts)} answers: UDP from outside, through a relay${tcp}.`;
  const from = isOurs(facts)
    ? 'seen from this machine only, as no TURN server on another one could look'
    : 'seen from inside';
  return `${where(facts)} answers: UDP${inside.tcp === 'ok' ? ' and TCP' : ''}, ${from}.`;
}

function whyNoUdp(facts: AddressFacts): Verdict {
  const { announced, inside, outside, seen, port } = facts;
  if (isSeenElsewhere(facts)) return announced ? wrongAddress(facts) : notAnnounced(facts);
  if (seen?.port !== undefined && seen.port !== port && isSeenHere(facts)) {
    const proof = facts.outsideAtSeen === 'ok' ? ', where our media port answers' : '';
    return failed(
      'port_remapped',
      `The public port of media port ${port} is ${seen.port}${proof}, but browsers are told ${port}: mediasoup announces its own port.`,
      `Forward the same port: ${port} outside to ${port} here, UDP and TCP. Or set MEDIA_PORT to ${seen.port} and forward that one.`,
    );
  }
  if ([inside.udp, outside].includes('wrong_answer')) {
    return failed(
      'something_else_answers',
      `Something else answers at ${where(facts)}: it does not know our media port's password.`,
      'Correct ANNOUNCED_ADDRESS, or forward the port to this machine.',
    );
  }
  if (inside.tcp === 'ok') {
    return failed(
      'udp_blocked',
      `UDP does not arrive at ${where(facts)}, TCP does: pictures will stutter, and relayed calls fail.`,
      `UDP port ${port} is closed. ${FORWARD}`,
    );
  }
  if ([inside.udp, inside.tcp].includes('refused') && !isOurs(facts)) {
    return failed(
      'port_not_forwarded',
      `${where(facts)} is refused: the address is there, but this port of it does not lead to us. It is not forwarded, or only under another number.`,
      `Forward public port ${port} to port ${port} of this machine, UDP and TCP: mediasoup announces its own port, so both numbers have to be the same. Or set MEDIA_PORT to the public one.`,
    );
  }
  if (outside === undefined && !isOurs(facts)) return notCheckable(facts);
  if (outside !== undefined && isBehindNat(facts) && !announced) return notAnnounced(facts);
  return failed(
    'blocked',
    `Nothing that is sent to ${where(facts)} arrives${outside ? ', not even through a relay' : ''}.`,
    `Port ${port} is closed for UDP and TCP, or another port is forwarded to it. ${FORWARD}`,
  );
}

function diagnoseTcpOnly(facts: AddressFacts): Verdict {
  const { inside, announced } = facts;
  if (inside.tcp === 'ok') {
    if (!isOurs(facts) || !isSeenElsewhere(facts)) return ok(`${where(facts)} answers: TCP.`);
    return announced ? wrongAddress(facts, 'warning') : notAnnounced(facts);
  }
  if (isSeenElsewhere(facts)) return announced ? wrongAddress(facts) : notAnnounced(facts);
  if (!isOurs(facts)) return notCheckable(facts);
  return failed('blocked', `TCP does not arrive at ${where(facts)}.`, FORWARD);
}

/** Only the addresses can be compared then. Those of packets in and out may well differ. */
function diagnoseBusy(facts: AddressFacts): Verdict {
  if (isSeenElsewhere(facts) && facts.announced) return wrongAddress(facts, 'warning');
  return skipped(
    `Nothing of ours could answer at ${where(facts)}: see what is said of the media ports and of the worker. Where a Parley runs, give its address with --url.`,
  );
}

function wrongAddress(facts: AddressFacts, state: 'failed' | 'warning' = 'failed'): Verdict {
  const { address, seen, outsideAtSeen } = facts;
  const proof = outsideAtSeen === 'ok' ? ', where our media port answers,' : '';
  return {
    ...{ state, cause: 'wrong_address' },
    detail: `${address} is announced to browsers, but outside we are seen at ${seen?.address}${proof} and ${state === 'failed' ? 'nothing of ours answers at the former' : 'the former was not checked from there'}.`,
    remedy: `Set ANNOUNCED_ADDRESS to ${seen?.address}, or to a hostname that leads there.`,
  };
}

function notAnnounced({ address, seen, outside }: AddressFacts): Verdict {
  const place = seen?.address ?? 'the public address';
  // Not even a relay reaches us.
  const isLost = outside !== undefined && outside !== 'ok';
  return {
    ...{ state: isLost ? 'failed' : 'warning', cause: 'not_announced' },
    detail: `Browsers are told ${address} only, but outside we are seen at ${seen?.address ?? 'another address'}: people there ${isLost ? 'do not reach us, not even through a TURN server' : 'reach us through a TURN server, or not at all'}.`,
    remedy: `Set ANNOUNCED_ADDRESS to ${place}, and forward the media ports to this machine.`,
  };
}

/** The finding for an address that answers from here, where nothing more can be tried. */
export function privateOnly(address: string): Verdict {
  return warning(
    'not_announced',
    `Browsers are told ${address}, and no public address: people outside this network do not reach us. Nothing could look from there: that takes a STUN or TURN server on another machine that works.`,
    'Set ANNOUNCED_ADDRESS to the public address, and forward the media ports to this machine. Where everybody is in this network, nothing has to be done.',
  );
}

function notCheckable(facts: AddressFacts): Verdict {
  const right = facts.seen && isSeenHere(facts) ? ' The address is the one we are seen at.' : '';
  return warning(
    'not_checkable',
    `${where(facts)} does not answer from inside; that may be no more than a router that does not lead back in.${right}`,
    'Configure a TURN server on another machine, through which it can be checked; or run the network check of the page from outside.',
  );
}

function where({ address, resolved, port }: AddressFacts): string {
  const shown = resolved.some((ip) => ip === address) ? '' : ` (${resolved.join(', ')})`;
  return `${address}${shown} port ${port}`;
}

function isOurs({ resolved, local }: AddressFacts): boolean {
  return resolved.some((ip) => local.some((own) => sameIp(ip, own)));
}

function isSeenHere({ resolved, seen }: AddressFacts): boolean {
  return seen !== undefined && resolved.some((ip) => sameIp(ip, seen.address));
}

/** A STUN server sees us at another address. One that is inside as well does not count. */
function isSeenElsewhere(facts: AddressFacts): boolean {
  const { seen, resolved } = facts;
  if (!seen || isSeenHere(facts)) return false;
  if (!resolved.some((ip) => isIPv4(ip) === isIPv4(seen.address))) return false;
  return isBehindNat(facts) || isPublic(seen.address) || !resolved.some(isPublic);
}

function isBehindNat({ seen, local }: AddressFacts): boolean {
  return seen !== undefined && !local.some((own) => sameIp(own, seen.address));
}

const NOT_PUBLIC = new BlockList();
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const) {
  NOT_PUBLIC.addSubnet(net, prefix, 'ipv4');
}
NOT_PUBLIC.addSubnet('fc00::', 7, 'ipv6');
NOT_PUBLIC.addSubnet('fe80::', 10, 'ipv6');
NOT_PUBLIC.addAddress('::1', 'ipv6');

/** Whether the whole internet may know it (RFC 1918, RFC 6598, RFC 4193). */
export function isPublic(ip: string): boolean {
  return !NOT_PUBLIC.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
}
