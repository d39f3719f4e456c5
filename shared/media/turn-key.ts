// Addresses of TURN servers, compared however they are spelt: an operator, a server and each browser
// leave out what is usual.

/** RFC 7065 §3.1: the ports of addresses without one. */
const DEFAULT_PORT = { turn: '3478', turns: '5349' } as const;
const DEFAULT_TRANSPORT = { turn: 'udp', turns: 'tcp' } as const;

const SHAPE =
  /^(?<scheme>turns?):(?:\[(?<v6>[^\]]+)\]|(?<name>[^:?[\]]+)|(?<bare>[^?[\]]+:[^?[\]]*?))(?::(?<port>\d+))?(?:\?transport=(?<transport>\w+))?$/;

/**
 * Completes a TURN server's address with its defaults, so that a browser's spelling and a server's can be
 * compared.
 * @returns undefined for any other text
 */
export function turnKey(url: string): string | undefined {
  const { scheme, v6, name, bare, port, transport } =
    SHAPE.exec(url.trim().toLowerCase())?.groups ?? {};
  if (scheme !== 'turn' && scheme !== 'turns') return undefined;
  // Browsers omit the brackets of an IPv6 address. The port follows its last colon.
  const [, host = v6 ?? name, ownPort = port] = /^(.+):(\d+)$/.exec(bare ?? '') ?? [];
  if (host === undefined) return undefined;
  const number = ownPort ?? DEFAULT_PORT[scheme];
  return `${scheme} ${canonical(host.replace(/\.$/, ''))} ${number} ${transport ?? DEFAULT_TRANSPORT[scheme]}`;
}

/** An IPv6 address can be written in many ways (RFC 5952). */
function canonical(host: string): string {
  if (!host.includes(':')) return host;
  const url = `http://[${host}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : host;
}
