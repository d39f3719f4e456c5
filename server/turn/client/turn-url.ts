// Reads the addresses of STUN and TURN servers as browsers know them (RFC 7064, RFC 7065).
import { isIPv6 } from 'node:net';

export interface TurnUrl {
  readonly scheme: 'stun' | 'stuns' | 'turn' | 'turns';
  /** A hostname or an IP address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** The transport of the client. Schemes that end in "s" encrypt it: TLS, or DTLS. */
  readonly transport: 'udp' | 'tcp';
}

/** RFC 8489 §18.6, RFC 8656 §20: in clear, and encrypted. */
const DEFAULT_PORT = 3478;
const DEFAULT_TLS_PORT = 5349;
/** Longer than any hostname (RFC 1035 §2.3.4) with all that may stand around it. */
const MAX_LENGTH = 512;

const SHAPE =
  /^(?<scheme>stuns?|turns?):(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?))(?::(?<port>\d{1,5}))?(?:\?transport=(?<transport>udp|tcp))?$/i;

/** @returns undefined for anything that is not such an address */
export function parseTurnUrl(url: string): TurnUrl | undefined {
  if (url.length > MAX_LENGTH) return undefined;
  const { scheme, v6, name, port, transport } = SHAPE.exec(url)?.groups ?? {};
  const host = v6 ?? name;
  if (scheme === undefined || host === undefined) return undefined;
  if (v6 !== undefined && !isIPv6(v6)) return undefined;
  const kind = scheme.toLowerCase() as TurnUrl['scheme'];
  // Only TURN has it (RFC 7064 §3.1).
  if (transport !== undefined && kind.startsWith('stun')) return undefined;
  const encrypted = kind.endsWith('s');
  const number = port === undefined ? (encrypted ? DEFAULT_TLS_PORT : DEFAULT_PORT) : Number(port);
  if (number < 1 || number > 65_535) return undefined;
  return {
    scheme: kind,
    host,
    port: number,
    transport: (transport?.toLowerCase() as 'udp' | 'tcp') ?? (encrypted ? 'tcp' : 'udp'),
  };
}
