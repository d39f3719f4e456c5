// Finds the TURN server that a path goes through, and whether it has to leave it. Pure.

import type { IceServer } from '../../../shared/media/rtp.ts';
import { turnKey } from '../../../shared/media/turn-key.ts';
import type { PathReport } from '../../../shared/protocol/media-messages.ts';

/** No server knows this user. */
const NOBODY = 'left';

/** The host of a TURN server's address, to show; the address itself where it cannot be read. */
export function relayHost(url: string): string {
  return turnKey(url)?.split(' ')[1] ?? url;
}

/** Whether a TURN server is among these. */
export function offersRelay(iceServers: readonly IceServer[]): boolean {
  return iceServers.some(({ urls }) => urls.some((url) => turnKey(url) !== undefined));
}

/** Addresses of the TURN servers among these, in their order. */
export function relayUrls(iceServers: readonly IceServer[]): string[] {
  return iceServers.flatMap(({ urls }) => urls.filter((url) => turnKey(url) !== undefined));
}

/**
 * The same servers, followed by as many addresses as the list needs to be no shorter than before. Chromium
 * ranks a relay by its server's place, counted from the end. After a restart of ICE it does not even try one
 * that ranks below the one in use, so with a shorter list a path would never leave a server that still works.
 * Earlier servers fill the places, with a user name that they refuse at once.
 *
 * @param before addresses in the longest list so far
 */
export function keepPlaces(
  iceServers: readonly IceServer[],
  before: readonly string[],
): IceServer[] {
  const offered = relayUrls(iceServers);
  const missing = before.length - offered.length;
  const known = new Set(offered.map(turnKey));
  const gone = before.filter((url) => !known.has(turnKey(url))).slice(0, Math.max(0, missing));
  if (offered.length === 0 || gone.length === 0) return [...iceServers];
  return [...iceServers, { urls: gone, username: NOBODY, credential: NOBODY }];
}

/**
 * Whether a path goes through a TURN server that is not in this list. Where the browser does not name the
 * server, any relay may be the one that goes away.
 */
export function mustLeave(path: PathReport, iceServers: readonly IceServer[]): boolean {
  if (path.kind !== 'relay') return false;
  return path.server === null || !isOffered(path.server, iceServers);
}

/** Whether this address of a TURN server is among these, however it is spelt. */
export function isOffered(url: string, iceServers: readonly IceServer[]): boolean {
  const key = turnKey(url);
  return key !== undefined && relayUrls(iceServers).some((offered) => turnKey(offered) === key);
}
