// Reads the load of a TURN server from its Prometheus endpoint (coturn: `--prometheus`).
import querystring from 'node:querystring';

/** The load, summed up from coturn's figures. */
export interface TurnLoad {
  /** Allocations at this moment, over all transports. */
  allocations: number;
  /** Bytes in and out since its start, on both sides of the relay. */
  bytes: number;
}

/** Some hundred lines are usual; with `--prometheus-username-labels` there are some for each user. */
const MAX_BYTES = 4_000_000;
/** A gauge for each transport; coturn has it since 4.6. */
const ALLOCATIONS = 'turn_total_allocations';
/** Traffic with clients and with peers. Some versions end the names of counters in `_total`. */
const BYTES = /^turn_total_traffic_(?:peer_)?(?:rcvb|sentb)(?:_total)?$/;

/** @throws Error with one sentence when they cannot be read */
export async function readTurnLoad(
  url: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<TurnLoad> {
  const { address, headers } = withoutUser(url);
  const response = await fetch(address, {
    headers,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`its metrics answer HTTP ${response.status}`);
  return turnLoadOf(await textOf(response));
}

/** @throws Error when these are not the metrics of coturn */
export function turnLoadOf(text: string): TurnLoad {
  let allocations: number | undefined;
  let bytes = 0;
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\s+([-+.\deE]+)/.exec(line);
    if (!match) continue;
    const [, name = '', figure = ''] = match;
    const value = Number(figure);
    if (!Number.isFinite(value)) continue;
    if (name === ALLOCATIONS) allocations = (allocations ?? 0) + Math.max(0, value);
    else if (BYTES.test(name)) bytes += Math.max(0, value);
  }
  if (allocations === undefined) {
    throw new Error(`its metrics have no ${ALLOCATIONS}: are they those of a coturn?`);
  }
  return { allocations, bytes };
}

/** `fetch` refuses addresses with a user in them, and its error would repeat the password. */
function withoutUser(url: string): { address: URL; headers: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address, headers: {} };
  address.username = '';
  address.password = '';
  // Does not throw on a bare "%", which passwords may have.
  const pair = `${querystring.unescape(username)}:${querystring.unescape(password)}`;
  return { address, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** A body without end must not fill our memory. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('its metrics are too large to be those of a coturn');
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
