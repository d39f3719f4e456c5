// The bar below the stage: the call's name, the controls, and the link to it.
import { useSignal } from '@preact/signals';
import { Check, Link } from 'lucide';
import { useRef } from 'preact/hooks';
import { Icon } from '../../kit/icon.tsx';
import type { RoomSession } from '../../room/session.ts';
import type { CallModel } from '../call-model.ts';
import { Status } from '../status.tsx';
import type { OpenDialog } from './dialogs.tsx';
import { copyRoomLink } from './room-link.ts';
import { shows } from './shown.ts';
import { Toolbar } from './toolbar.tsx';

export interface BarProps {
  model: CallModel;
  session: RoomSession;
  onDialog: (name: OpenDialog) => void;
}

export function Bar({ model, session, onDialog }: BarProps) {
  return (
    <footer class="bar">
      <div class="bar-info">
        <p class="bar-room" title={session.room}>
          {session.room}
        </p>
        <Status model={model} relayOnly={session.relayOnly} />
      </div>
      <Toolbar model={model} session={session} onDialog={onDialog} />
      <div class="bar-end">{shows(session, 'link') && <CopyLink room={session.room} />}</div>
    </footer>
  );
}

function CopyLink({ room }: { room: string }) {
  const copied = useSignal(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const copy = async () => {
    if (!(await copyRoomLink(room))) return;
    copied.value = true;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      copied.value = false;
    }, 2500);
  };
  return (
    <button
      type="button"
      class="button quiet small copy-link"
      aria-label="Copy link"
      onClick={copy}
    >
      <Icon icon={copied.value ? Check : Link} size={20} />
      <span>{copied.value ? 'Copied' : 'Copy link'}</span>
    </button>
  );
}
