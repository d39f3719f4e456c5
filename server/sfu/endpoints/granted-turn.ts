// The TURN servers that one media session was given.
import type { IceServer } from '../../../shared/media/rtp.ts';
import type { GrantRecord } from '../../turn/pool/pool.ts';

/** The relays that one media session was given. */
export interface GrantedTurn extends GrantRecord {
  readonly iceServers: IceServer[];
  release(): void;
}
