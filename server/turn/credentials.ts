// Which STUN and TURN servers a browser gets, with credentials made for it.
import { createHmac } from 'node:crypto';
import type { IceServer } from '../../shared/rtp.ts';
import type { Config } from '../config.ts';

/** A TURN server whose credentials we mint (TURN REST pattern, draft-uberti-behave-turn-rest-00). */
interface SharedSecretTurn {
  urls: string[];
  sharedSecret: string;
  ttlSeconds: number;
}

export interface TurnServers {
  readonly minted: readonly SharedSecretTurn[];
  readonly fixed: readonly IceServer[];
}

export interface IceServers {
  iceServers: IceServer[];
  /** UTC milliseconds; null when nothing in them expires. */
  iceServersExpireAt: number | null;
}

/** A TURN setting that does not fit the others; its message is for the operator. */
export class TurnConfigError extends Error {
  override readonly name = 'TurnConfigError';
}

/** Names under which platforms and operators know the TURN REST pattern. */
const REST_AUTH_TYPES = new Set(['rest', 'hmac', 'shared-secret', 'turn-rest', 'use-auth-secret']);

/** @throws TurnConfigError */
export function turnServersFrom(turn: Config['turn']): TurnServers {
  return { minted: mintedFrom(turn), fixed: fixedFrom(turn) };
}

function mintedFrom(turn: Config['turn']): SharedSecretTurn[] {
  const { sharedSecret, ttlSeconds } = turn;
  if (sharedSecret === undefined) return [];
  const authType = turn.authType?.toLowerCase().replaceAll('_', '-');
  if (authType !== undefined && !REST_AUTH_TYPES.has(authType)) {
    throw new TurnConfigError(
      `TURN_AUTH_TYPE is "${turn.authType}", which Parley does not know; it knows ${[...REST_AUTH_TYPES].join(', ')}. Credentials made by a guess would give black video.`,
    );
  }
  const urls = gatewayUrls(turn);
  if (urls.length === 0) {
    throw new TurnConfigError(
      'TURN_SHARED_SECRET is set, but not which server it belongs to: set TURN_URL or TURN_HOST.',
    );
  }
  return [{ urls, sharedSecret, ttlSeconds }];
}

function gatewayUrls(turn: Config['turn']): string[] {
  const hostname = turn.host ?? turn.hostname;
  if (turn.url !== undefined && (turn.transport === undefined || hostname === undefined)) {
    return [turn.url];
  }
  if (hostname === undefined) return [];
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return (turn.transport ?? ['udp', 'tcp']).map((transport) =>
    transport === 'tls'
      ? `turns:${host}:${turn.port}?transport=tcp`
      : `turn:${host}:${turn.port}?transport=${transport}`,
  );
}

function fixedFrom(turn: Config['turn']): IceServer[] {
  if (turn.urls === undefined) return [];
  const stun = turn.urls.filter((url) => url.startsWith('stun'));
  const relays = turn.urls.filter((url) => url.startsWith('turn'));
  if (relays.length > 0 && (turn.username === undefined || turn.password === undefined)) {
    throw new TurnConfigError(
      'TURN_URLS names a TURN server, which needs TURN_USERNAME and TURN_PASSWORD too.',
    );
  }
  const servers: IceServer[] = [];
  if (stun.length > 0) servers.push({ urls: stun });
  if (relays.length > 0 && turn.username !== undefined && turn.password !== undefined) {
    servers.push({ urls: relays, username: turn.username, credential: turn.password });
  }
  return servers;
}

/**
 * @param userId goes into the username, so that a TURN server's log can be matched with ours
 * @param now UTC milliseconds
 */
export function iceServersFor(servers: TurnServers, userId: string, now: number): IceServers {
  const minted = servers.minted.map(({ urls, sharedSecret, ttlSeconds }) => {
    const expiry = Math.floor(now / 1000) + ttlSeconds;
    const username = `${expiry}:${userId}`;
    const credential = createHmac('sha1', sharedSecret).update(username).digest('base64');
    return { server: { urls, username, credential }, expiry };
  });
  return {
    iceServers: [...servers.fixed, ...minted.map(({ server }) => server)],
    iceServersExpireAt:
      minted.length > 0 ? Math.min(...minted.map(({ expiry }) => expiry)) * 1000 : null,
  };
}

/** One line for the operator: what browsers will be given, without the secrets. */
export function describeTurn(servers: TurnServers): string {
  const urls = [...servers.fixed, ...servers.minted].flatMap(({ urls }) => urls);
  return urls.length > 0 ? urls.join(', ') : 'none';
}
