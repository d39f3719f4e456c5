// The TURN servers that one media session was given.
import type { IceServer } from '../../../shared/media/rtp.ts';
import type { GivenTurn } from '../../turn/pool/pool.ts';

/** The relays that one media session was given. */
export interface GrantedTurn extends GivenTurn {
  readonly iceServers: IceServer[];
  release(): void;
}
