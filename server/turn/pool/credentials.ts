// The credentials that a browser gets for the TURN servers that were chosen for it.
import { createHmac } from 'node:crypto';
import type { IceServer } from '../../../shared/media/rtp.ts';
import type { TurnAuth } from '../../cluster/turn.ts';

export interface IceServers {
  iceServers: IceServer[];
  /** UTC milliseconds; null when nothing in them expires. */
  iceServersExpireAt: number | null;
}

/** A server and those of its addresses that are to be used. */
export interface ChosenTurn {
  readonly urls: readonly string[];
  readonly auth: TurnAuth;
}

export interface TurnCredentials {
  username: string;
  credential: string;
  /** UTC milliseconds; null when they do not expire. */
  expiresAt: number | null;
}

/**
 * With a secret, by the TURN REST pattern (draft-uberti-behave-turn-rest-00): made anew for each user.
 *
 * @param userId goes into the username, so that a TURN server's log can be matched with ours
 * @param now UTC milliseconds
 */
export function credentialsFor(auth: TurnAuth, userId: string, now: number): TurnCredentials {
  if (auth.kind === 'static') {
    return { username: auth.username, credential: auth.password, expiresAt: null };
  }
  const expiry = Math.floor(now / 1000) + auth.ttlSeconds;
  const username = `${expiry}:${userId}`;
  const credential = createHmac('sha1', auth.secret).update(username).digest('base64');
  return { username, credential, expiresAt: expiry * 1000 };
}

/**
 * @param stun addresses of STUN servers, which need no credentials
 * @param now UTC milliseconds
 */
export function iceServersFor(
  servers: readonly ChosenTurn[],
  stun: readonly string[],
  userId: string,
  now: number,
): IceServers {
  const made = servers.map(({ urls, auth }) => {
    const { username, credential, expiresAt } = credentialsFor(auth, userId, now);
    return { server: { urls: [...urls], username, credential }, expiresAt };
  });
  const ends = made.flatMap(({ expiresAt }) => expiresAt ?? []);
  return {
    iceServers: [
      ...(stun.length > 0 ? [{ urls: [...stun] }] : []),
      ...made.map(({ server }) => server),
    ],
    iceServersExpireAt: ends.length > 0 ? Math.min(...ends) : null,
  };
}
