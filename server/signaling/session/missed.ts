// What a client that resumes its session has missed of the room.
import { ParleyError } from '../../../shared/errors.ts';
import type { MethodResult } from '../../../shared/protocol/protocol.ts';
import { readablePatches } from '../roster/patch-batch.ts';
import type { Session } from './session.ts';

type Missed = Pick<MethodResult<'resume'>, 'patches' | 'snapshot'> & {
  /** The version of the room after it. */
  version: number;
};

/**
 * Patches, while the store has them. In a large room the part that the client knows from now on: which one it knew
 * before, another replica may have decided.
 *
 * @param version that the client has
 * @throws ParleyError `session_lost` when there is no such room
 */
export async function missedSince(session: Session, version: number): Promise<Missed> {
  const { room, context } = session;
  const { rooms, hub } = context;
  if (!hub.isPart(room, session)) {
    const since = hub.versionOf(room);
    const patches = await rooms.patchesSince(room, version);
    const whole = patches && hub.follows(room) ? undefined : await rooms.snapshot(room);
    if (whole) hub.learn(whole, since);
    if (!hub.isPart(room, session)) {
      if (patches) {
        const last = patches.at(-1)?.version ?? version;
        return {
          patches: readablePatches(patches, session.features),
          snapshot: null,
          version: last,
        };
      }
      if (whole) return { patches: null, snapshot: whole, version: whole.version };
    }
  }
  const view = session.view();
  if (!view) throw new ParleyError('session_lost');
  return { patches: null, snapshot: view, version: view.version };
}
