// After the call: calm, with the way back in.
import type { ParleyError } from '../../../shared/errors.ts';
import { MessagePage } from '../kit/message-page.tsx';
import { followInside } from '../kit/navigation.ts';
import { keptAccess } from '../recordings/data/access.ts';
import { recordingsPath } from '../recordings/data/address.ts';
import { remedyFor } from './join-error.ts';
import type { RoomSession } from './session.ts';

export interface LeftPageProps {
  session: RoomSession;
  /** Why the call ended, if it was not the user who left. */
  error: ParleyError | undefined;
}

export function LeftPage({ session, error }: LeftPageProps) {
  const remedy = error ? remedyFor(error.code) : 'retry';
  return (
    <MessagePage
      title={error ? 'The call ended' : 'You left the call'}
      text={error?.message ?? 'Your camera and microphone are off.'}
    >
      {remedy === 'retry' && (
        <button type="button" class="button primary" onClick={() => session.rejoin()}>
          Rejoin
        </button>
      )}
      {remedy === 'reload' && (
        <button type="button" class="button primary" onClick={() => location.reload()}>
          Reload
        </button>
      )}
      {keptAccess(session.room).token() !== undefined && (
        <a class="button" href={recordingsPath(session.room)} onClick={followInside}>
          Recordings
        </a>
      )}
      <a class="button" href="/" onClick={followInside}>
        Home
      </a>
    </MessagePage>
  );
}
