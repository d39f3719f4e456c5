// Numbers and states of the operator's page, in words. Pure.
import {
  type NodeView,
  othersTakeCalls,
  type TurnOverview,
  type TurnServerView,
} from '../../../shared/api/admin.ts';

export type Tone = 'good' | 'waiting' | 'bad';

export interface Said {
  tone: Tone;
  text: string;
}

/** From this part of its capacity on, the page mentions the load. */
const NEARLY_FULL = 0.9;

export function serverState({ state, draining }: TurnServerView): Said {
  switch (state) {
    case 'in-service':
      return { tone: 'good', text: 'In service' };
    case 'draining':
      return {
        tone: 'waiting',
        text: draining === 'move' ? 'Draining, calls move away' : 'Draining, calls end here',
      };
    case 'failed':
      return { tone: 'bad', text: 'Failed' };
    case 'unknown':
      return { tone: 'waiting', text: 'Not probed yet' };
  }
}

/** The state of one address of a server, with the reason where it does not work. */
export function addressState(url: TurnServerView['urls'][number]): Said {
  const { state, reachedBy, missedBy, message, roundTripMs } = url;
  if (state === 'unknown') return { tone: 'waiting', text: 'not probed yet' };
  const why = message === null ? '' : `: ${message}`;
  if (state === 'failed') return { tone: 'bad', text: `no media node reaches it${why}` };
  const roundTrip = roundTripMs === null ? 'works' : `${formatMs(roundTripMs)} round trip`;
  if (missedBy === 0 && message !== null) {
    return { tone: 'bad', text: `takes no new allocations${why}` };
  }
  if (missedBy === 0) return { tone: 'good', text: roundTrip };
  const nodes = reachedBy + missedBy;
  return { tone: 'bad', text: `${missedBy} of ${nodes} media nodes do not reach it${why}` };
}

/** The load that a server reports, and the part of it that our sessions explain. */
export function loadText({ allocations, explained, capacity }: TurnServerView): string {
  const most = capacity === null ? '' : ` of ${formatCount(capacity)}`;
  if (allocations === null) return `not read; at most ${formatCount(explained)} are ours${most}`;
  return `${formatCount(allocations)}${most}, at most ${formatCount(explained)} are ours`;
}

/**
 * The consequence of draining or removing the last server that can take calls.
 * @returns undefined when another one can
 */
export function lastServerText(
  id: string,
  what: 'drain' | 'remove',
  servers: readonly TurnServerView[],
): string | undefined {
  if (othersTakeCalls(servers, id)) return undefined;
  const calls =
    what === 'drain'
      ? 'the calls it has stay on it'
      : 'the calls that it relays keep it only as long as it runs';
  return `${id} is the last one: people who need a relay cannot get through, and ${calls}.`;
}

/** The least round trip to any address that works. */
export function bestRoundTrip({ urls }: TurnServerView): string {
  const known = urls.map(({ roundTripMs }) => roundTripMs).filter((ms) => ms !== null);
  return known.length > 0 ? formatMs(Math.min(...known)) : '–';
}

/** Why a participant on this node may see black. */
export function nodeState(node: NodeView): Said {
  const { workers, addresses, draining, sessions, maxSessions, rooms, maxRooms } = node;
  if (workers === 0) return { tone: 'bad', text: 'No media worker runs: it carries nothing' };
  if (addresses.length === 0) {
    return { tone: 'bad', text: 'It announces no address: browsers reach it through TURN alone' };
  }
  if (addresses.every(isPrivate)) {
    return {
      tone: 'waiting',
      text: 'It announces private addresses only: people outside this network need TURN',
    };
  }
  if (draining) return { tone: 'waiting', text: 'Draining: its calls go elsewhere' };
  if (sessions >= maxSessions * NEARLY_FULL || rooms >= maxRooms * NEARLY_FULL) {
    return { tone: 'waiting', text: 'Nearly full' };
  }
  return { tone: 'good', text: 'In service' };
}

/** Addresses that lead nowhere from outside (RFC 1918, RFC 6598, RFC 4193, loopback, link-local). */
export function isPrivate(address: string): boolean {
  const text = address.toLowerCase();
  return (
    /^(10|127)\./.test(text) ||
    /^(192\.168|169\.254)\./.test(text) ||
    /^172\.(1[6-9]|2\d|3[01])\./.test(text) ||
    /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(text) ||
    /^(::1$|f[cd]|fe[89ab])/.test(text) ||
    text === 'localhost'
  );
}

/** The relayed part of the sessions whose path is known, 0 to 1. */
export function relayedShare({ direct, relay, none }: TurnOverview['paths']): number {
  const known = direct + relay + none;
  return known === 0 ? 0 : relay / known;
}

/** The age of the numbers on the page, in words. */
export function freshness(
  at: number,
  failure: string | undefined,
  clock: (at: number) => string,
): Said {
  if (failure === undefined) return { tone: 'good', text: `As of ${clock(at)}` };
  return { tone: 'bad', text: `Not reached since ${clock(at)}. ${failure}` };
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** @param bitrate bits per second; null: not read */
export function formatBitrate(bitrate: number | null): string {
  if (bitrate === null) return 'not read';
  if (bitrate >= 1e9) return `${(bitrate / 1e9).toFixed(2)} Gbit/s`;
  if (bitrate >= 1e6) return `${(bitrate / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bitrate / 1e3)} kbit/s`;
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function formatClock(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
