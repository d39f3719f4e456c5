// Finds out why a WebSocket did not open: browsers do not report it, but the server may know.

import { ParleyError } from '../../../shared/errors.ts';
import { SIGNALING_PATH } from '../../../shared/protocol/protocol.ts';
import { ErrorAnswer, errorFromBody, parse } from '../../../shared/protocol/rpc.ts';

const ASK_MS = 4_000;
/** Other codes explain nothing: this path only serves WebSockets. */
const REASONS = new Set(['proxy_without_upgrade', 'no_capacity', 'too_many_from_address']);

/** Asks by plain HTTP what became of the handshake. Never rejects. Without an explanation: `unreachable`. */
export async function whyNoSocket(server: string | URL): Promise<ParleyError> {
  const url = new URL(SIGNALING_PATH, server);
  url.protocol = url.protocol.replace('ws', 'http');
  try {
    const response = await fetch(url, {
      cache: 'no-store',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(ASK_MS),
    });
    const error = errorFromBody(parse(ErrorAnswer, await response.json()).error);
    if (REASONS.has(error.code)) return error;
  } catch {
    // The server is away, or another program answers there.
  }
  return new ParleyError('unreachable');
}
