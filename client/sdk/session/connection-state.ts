// Names the state of a call's connection from the states of its parts. Pure.
import type { ConnectionState } from './types.ts';

export interface ConnectionFacts {
  /** When it was last connected, or now. UTC milliseconds. */
  since: number;
  /** The socket carries requests. */
  isUp: boolean;
  /** Others receive our tracks, as far as the browser knows. */
  mediaFlowing: boolean;
  /** A path is down and is being restored. */
  recovering: boolean;
}

export function connectionState(
  facts: ConnectionFacts,
): Exclude<ConnectionState, { state: 'ended' }> {
  const { since, isUp, mediaFlowing, recovering } = facts;
  if (!isUp) return { state: 'reconnecting', since, mediaFlowing };
  if (recovering) return { state: 'recovering-media', since };
  return { state: 'connected' };
}
