// How a participant comes in: by the first of the ways that the room still takes.
import { createHash } from 'node:crypto';
import { ParleyError } from '../../../shared/errors.ts';
import type { Entry, Presented, RoomTokens } from '../../api/tokens.ts';

/** A way in; where rooms are open nothing is shown, and anybody may have any name. */
export type WayIn = Partial<Pick<Entry, 'grant'>> & Pick<Entry, 'shown' | 'ends'>;

const OPEN: WayIn = { shown: undefined, ends: [] };

/**
 * @param join with one way in
 * @throws ParleyError what is wrong with what was shown, or why the last way in did not lead in
 */
export async function comeIn<T>(
  tokens: RoomTokens | undefined,
  presented: Presented & { room: string },
  join: (way: WayIn) => Promise<T>,
): Promise<T> {
  const ways: readonly WayIn[] = (await tokens?.entries(presented, presented.room)) ?? [OPEN];
  for (const [index, way] of ways.entries()) {
    try {
      return await join(way);
    } catch (error) {
      // A host removed somebody who had come with the same invitation: who was in the call may come back.
      const hasEnded = ParleyError.from(error).code === 'invitation_ended';
      if (!hasEnded || index === ways.length - 1) throw error;
    }
  }
  throw new ParleyError('token_required');
}

/** What the store knows of a resume secret. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
