// A WebSocket opened early: when the pointer nears "Join", so that the handshake is done by the click.
import { SIGNALING_PATH, SUBPROTOCOL } from '../../../shared/protocol/protocol.ts';

/**
 * How long an unused one is kept. Shorter than the server's JOIN_TIMEOUT_MS, so that it can still join at the
 * last moment.
 */
const KEEP_MS = 6_000;

let warm: { url: string; socket: WebSocket; timer: ReturnType<typeof setTimeout> } | undefined;

/** @param server http(s) or ws(s) address; only its origin counts */
export function signalingUrl(server: string | URL): URL {
  const url = new URL(SIGNALING_PATH, server);
  url.protocol = url.protocol.replace('http', 'ws');
  return url;
}

/** Opens a socket for a join that is likely to follow within seconds. Costs nothing if it does not. */
export function preconnect(server: string | URL): void {
  const { href: url } = signalingUrl(server);
  if (warm?.url === url && isUsable(warm.socket)) return;
  drop();
  const socket = new WebSocket(url, [SUBPROTOCOL]);
  warm = { url, socket, timer: setTimeout(drop, KEEP_MS) };
}

/** A socket to this server, open or opening: the warm one if there is one, else a new one. */
export function takeSocket(server: string | URL): WebSocket {
  const { href: url } = signalingUrl(server);
  const kept = warm;
  if (kept?.url === url && isUsable(kept.socket)) {
    clearTimeout(kept.timer);
    warm = undefined;
    return kept.socket;
  }
  return new WebSocket(url, [SUBPROTOCOL]);
}

function isUsable({ readyState }: WebSocket): boolean {
  return readyState === WebSocket.CONNECTING || readyState === WebSocket.OPEN;
}

function drop(): void {
  clearTimeout(warm?.timer);
  warm?.socket.close();
  warm = undefined;
}
