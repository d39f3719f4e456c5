// Media ports of a Parley that runs here: it opens transports for a network check, as for any browser.
import * as v from 'valibot';
import { METHODS, SIGNALING_PATH, SUBPROTOCOL } from '../../../shared/protocol/protocol.ts';
import { sameIp } from '../../turn/client/stun-message-address.ts';
import type { IceTarget } from '../../turn/probe/probe.ts';
import type { MediaPort } from './address-facts.ts';

export interface RunningOptions {
  /** URL of its web server. */
  base: URL;
  authToken: string | undefined;
  /** Addresses of this machine, and announced ones: another replica's media is not ours to check. */
  ours: readonly string[];
}

export interface RunningMedia {
  ports: readonly MediaPort[];
  /** Ends the network check. */
  close(): void;
}

const TIMEOUT_MS = 3_000;
/** A room without participants: the check only asks on which node it would be. */
const ROOM = 'parley-doctor';
const Reply = v.object({ id: v.literal(1), result: METHODS.checkNetwork.result });
const Minted = v.object({ token: v.string() });

/** @returns undefined when it refuses, or its media is on another machine. Never rejects. */
export async function runningMedia(options: RunningOptions): Promise<RunningMedia | undefined> {
  const address = new URL(SIGNALING_PATH, options.base);
  address.protocol = address.protocol.replace('http', 'ws');
  let socket: WebSocket | undefined;
  try {
    const params = await admission(options);
    socket = new WebSocket(address, SUBPROTOCOL);
    const { paths } = await checkNetwork(socket, params);
    const [udp, tcp] = (['udp', 'tcp'] as const).map((kind) => {
      const path = paths.find((one) => one.kind === kind);
      return path && targetOf(path.transport);
    });
    const candidates = [...(udp?.candidates ?? []), ...(tcp?.candidates ?? [])];
    const isOurs = candidates.some(({ address }) => options.ours.some((ip) => isSame(ip, address)));
    const [first] = candidates;
    if (!isOurs || !first) {
      socket.close();
      return undefined;
    }
    const opened = socket;
    return { ports: [{ port: first.port, udp, tcp }], close: () => opened.close() };
  } catch {
    socket?.close();
    return undefined;
  }
}

async function admission({ base, authToken }: RunningOptions): Promise<object> {
  if (authToken === undefined) return {};
  const response = await fetch(new URL(`/api/rooms/${ROOM}/tokens`, base), {
    method: 'POST',
    headers: { authorization: `Bearer ${authToken}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { token } = v.parse(Minted, await response.json());
  return { room: ROOM, token };
}

async function checkNetwork(socket: WebSocket, params: object) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('no answer')), TIMEOUT_MS);
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ id: 1, method: 'checkNetwork', params }));
  });
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string' && data.includes('"id":1')) resolve(data);
  });
  socket.addEventListener('error', () => reject(new Error('the socket failed')));
  socket.addEventListener('close', () => reject(new Error('the socket was closed')));
  try {
    return v.parse(Reply, JSON.parse(await promise)).result;
  } finally {
    clearTimeout(timer);
  }
}

interface Transport {
  iceParameters: { usernameFragment: string; password: string };
  iceCandidates: readonly { address: string; port: number; protocol: 'udp' | 'tcp' }[];
}

function targetOf({ iceParameters, iceCandidates }: Transport): IceTarget {
  const { usernameFragment, password } = iceParameters;
  const candidates = iceCandidates.map(({ address, port, protocol }) => ({
    ...{ address, port, protocol },
  }));
  return { candidates, usernameFragment, password };
}

function isSame(one: string, other: string): boolean {
  return one === other || sameIp(one, other);
}
