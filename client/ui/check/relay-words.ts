// The result for one address of a relay, in words. Pure.
import type { PathResult, RelayRefusal } from '../../sdk/check/types.ts';
import type { Line } from './line.ts';
import { milliseconds, percent } from './quality.ts';

/** 701 is no refusal: no server answered. */
const NO_ANSWER = 701;
const NOT_YOURS = 'That is a fault of the server’s settings, not of your network.';

/** @param direct whether a call works without it */
export function relayLine(relay: PathResult, direct: boolean): Line {
  const line = { id: relay.id, title: relayTitle(relay.url ?? '') };
  if (relay.state === 'running') return { ...line, tone: 'running', text: 'Trying…' };
  if (relay.state === 'works') {
    const { quality } = relay;
    if (!quality)
      return { ...line, tone: 'warning', text: 'It works, but nothing came back in time.' };
    const lost = quality.lost >= 0.005 ? `, ${percent(quality.lost)} of the packets get lost` : '';
    const text = `Works. There and back takes ${milliseconds(quality.roundTripMs)}${lost}.`;
    return { ...line, tone: 'good', text };
  }
  const spare = direct ? ' Not needed on this network.' : '';
  const { text, advice } = failureOf(relay);
  return { ...line, tone: direct ? 'warning' : 'bad', text: `${text}${spare}`, advice };
}

function failureOf({ failure, refusals, url }: PathResult): { text: string; advice: string } {
  switch (failure) {
    case 'relay-refused':
      return refusalOf(refusals.find(({ code }) => code !== NO_ANSWER));
    case 'relay-cut':
      return {
        text: 'It answers, but the media server cannot be reached from it.',
        advice: `${NOT_YOURS} Tell whoever runs this server: the relay has to be allowed to send UDP to the media server.`,
      };
    case 'handshake':
      return {
        text: 'Packets get through it, but no encrypted connection comes of them.',
        advice:
          'Run the check again. If it stays so, copy the report for whoever runs this server.',
      };
    case 'not-tried':
      return {
        text: 'It could not be tried.',
        advice: `${NOT_YOURS} Tell whoever runs this server that its address may be wrong: ${url}`,
      };
    default:
      return {
        text: 'It does not answer (701).',
        advice: `Your network blocks the way to it, or it is down. Ask your network’s administrator to allow ${wayTo(url ?? '')}.`,
      };
  }
}

function refusalOf(refusal: RelayRefusal | undefined): { text: string; advice: string } {
  const { code, text } = refusal ?? { code: 0, text: '' };
  const tell = `${NOT_YOURS} Tell whoever runs this server`;
  switch (code) {
    case 401:
    case 438:
      return {
        text: `It refuses our credentials (${code}).`,
        advice: `${tell}: the relay and the server do not share the same secret, or their clocks differ.`,
      };
    case 403:
      return {
        text: 'It forbids to relay to the media server (403).',
        advice: `${tell}: the relay has to allow the media server’s address.`,
      };
    case 486:
    case 508:
      return {
        text: `It is full (${code}).`,
        advice: 'Try again in a minute. If it stays so, tell whoever runs this server.',
      };
    default:
      return {
        text: `It refuses with error ${code}${text ? ` (${text})` : ''}.`,
        advice: `${tell}, with the report.`,
      };
  }
}

/** Host, port and transport of the first hop (RFC 7065). */
function partsOf(url: string): { host: string; port: string; protocol: string } {
  const [, scheme = '', host = '', port, transport] =
    /^(turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(\w+))?/.exec(url) ?? [];
  const tls = scheme === 'turns';
  const protocol = tls && transport !== 'udp' ? 'TLS' : (transport ?? 'udp').toUpperCase();
  return { host, port: port ?? (tls ? '5349' : '3478'), protocol };
}

function relayTitle(url: string): string {
  const { host, protocol } = partsOf(url);
  return `Relay ${host}, ${protocol}`;
}

function wayTo(url: string): string {
  const { host, port, protocol } = partsOf(url);
  return `${protocol === 'UDP' ? 'UDP' : 'TCP'} to ${host} port ${port}`;
}
