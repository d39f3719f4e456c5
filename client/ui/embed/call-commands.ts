// Does what the page around the frame asks for.
import {
  argsOf,
  type EmbedArgs,
  type EmbedCommand,
  isEmbedCommand,
} from '../../../shared/embed/commands.ts';
import { ParleyError } from '../../../shared/errors.ts';
import { cleanDisplayName } from '../../../shared/protocol/text.ts';
import type { Call } from '../../sdk/session/types.ts';
import type { RoomSession } from '../room/session.ts';

type Commands = {
  [C in EmbedCommand]: (session: RoomSession, ...args: EmbedArgs<C>) => unknown;
};

const COMMANDS: Commands = {
  join: (session, { name }) => join(session, name),
  leave: (session) => {
    session.cancelJoin();
    session.leave();
  },
  setMuted: ({ media }, source, muted) => media[source].setOn(!muted),
  unpublish: ({ media }) => media.screen.stop(),
  sendChat: (session, text) => callOf(session).sendChat(text),
  muteOther: (session, trackId) => callOf(session).muteOther(trackId),
  removeParticipant: (session, participantId) => callOf(session).removeParticipant(participantId),
  'recording.start': (session) => callOf(session).recording.start(),
  'recording.setPaused': (session, paused) => callOf(session).recording.setPaused(paused),
  'recording.stop': (session) => callOf(session).recording.stop(),
};

/** @throws ParleyError */
export async function runCommand(
  session: RoomSession,
  name: string,
  given: readonly unknown[],
): Promise<void> {
  if (!isEmbedCommand(name)) throw new ParleyError('unknown_method');
  await runKnown(session, name, given);
}

async function runKnown<C extends EmbedCommand>(
  session: RoomSession,
  name: C,
  given: readonly unknown[],
): Promise<void> {
  const args = argsOf(name, given);
  if (!args) {
    throw new ParleyError('bad_message', { message: `These are no arguments of “${name}”.` });
  }
  await COMMANDS[name](session, ...args);
}

async function join(session: RoomSession, given: string | undefined): Promise<void> {
  const { page } = session.phase.peek();
  if (page === 'call' || page === 'joining') throw new ParleyError('already_joined');
  const name = cleanDisplayName(given ?? session.name.peek());
  if (name === '') throw new ParleyError('invalid_name');
  if (page === 'left') session.rejoin();
  await session.join(name);
  const after = session.phase.peek();
  if (after.page === 'call') return;
  throw (after.page === 'prejoin' ? after.error : undefined) ?? new ParleyError('not_joined');
}

function callOf(session: RoomSession): Call {
  const phase = session.phase.peek();
  if (phase.page !== 'call') throw new ParleyError('not_joined');
  return phase.call;
}
