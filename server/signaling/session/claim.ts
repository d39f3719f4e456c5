// The claim of a session by its resume secret, repeated while replicas restore a store that lost its data.
import { ParleyError } from '../../../shared/errors.ts';
import type { SessionGuard } from '../../cluster/cluster.ts';
import type { SessionContext } from './context.ts';

/** Retries while replicas restore the store. */
const CLAIM_RETRIES = 5;
const CLAIM_RETRY_MS = 300;

/** @throws ParleyError `session_lost` when there is no such session, or the secret is another one */
export async function claimSession(
  { rooms, resources, keeper }: Pick<SessionContext, 'rooms' | 'resources' | 'keeper'>,
  room: string,
  participantId: string,
  resumeHash: string,
): Promise<SessionGuard> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rooms.claim(room, participantId, resumeHash);
    } catch (error) {
      const isLost = ParleyError.from(error).code === 'session_lost';
      if (!isLost || attempt > CLAIM_RETRIES) throw error;
      // This replica restores only its own sessions. Another replica may still be restoring this one.
      if (attempt > 1) await resources.wait(CLAIM_RETRY_MS);
      else if (!(await keeper.recover(room))) throw error;
    }
  }
}
