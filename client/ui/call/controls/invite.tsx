// Alone in the room: the link, a copy button, and a QR code for the phone next to you.
import { useSignal } from '@preact/signals';
import { Check, Copy } from 'lucide';
import { useId } from 'preact/hooks';
import { roomLink } from '../../address.ts';
import { Icon } from '../../kit/icon.tsx';
import { Lazy } from '../../kit/lazy.tsx';
import { copyRoomLink } from './room-link.ts';

export interface InviteProps {
  room: string;
  /** The room requires invitations, so the bare link opens it for no other participant. */
  closed: boolean;
  /** False: the page around a frame brings the others by ways of its own. */
  withLink: boolean;
}

export function Invite({ room, closed, withLink }: InviteProps) {
  const copied = useSignal(false);
  const id = useId();
  const link = roomLink(location.origin, room);
  const copy = async () => {
    copied.value = await copyRoomLink(room);
  };
  if (!withLink) {
    return (
      <section class="invite" aria-labelledby={id}>
        <div class="invite-text">
          <h2 id={id}>You are the only one here</h2>
          <p>Wait here for the others.</p>
        </div>
      </section>
    );
  }
  return (
    <section class="invite" aria-labelledby={id}>
      <div class="invite-text">
        <h2 id={id}>You are the only one here</h2>
        <p>
          {closed
            ? 'The others need an invitation of their own to this room.'
            : 'Send this link to the people you want to talk to.'}
        </p>
      </div>
      <div class="invite-link">
        <input
          class="input"
          readOnly
          value={link}
          aria-label="Link to this call"
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button primary" onClick={copy}>
          <Icon icon={copied.value ? Check : Copy} size={20} />
          {copied.value ? 'Copied' : 'Copy'}
        </button>
      </div>
      {!closed && (
        <div class="invite-qr" role="img" aria-label="QR code of the link">
          <Lazy load={loadQr} props={{ text: link }} />
        </div>
      )}
    </section>
  );
}

async function loadQr() {
  const { Qr } = await import('./qr.tsx');
  return Qr;
}
