// The token that brings a participant back after a restart of the server or a longer absence.
import type { Rejoin } from '../../../shared/protocol/entry-messages.ts';
import type { Session } from './session.ts';

/** Empty where rooms are open, and while the store is away: that ends no call. */
export async function mintRejoin({
  room,
  participant,
  ends,
  context,
}: Session): Promise<{ rejoin?: Rejoin }> {
  const { tokens, log } = context;
  const { id: participantId, name, role } = participant;
  const mark = { participantId, ends };
  const rejoin = await tokens?.mintRejoin({ room, name, role }, mark).catch((err) => {
    log.debug({ err, room }, 'no rejoin token was minted');
    return undefined;
  });
  return rejoin ? { rejoin } : {};
}
