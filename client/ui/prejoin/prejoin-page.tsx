// Before the call: see yourself, say who you are, join.
import { ChevronDown, Settings2 } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { ParleyError } from '../../../shared/errors.ts';
import { Brand } from '../kit/brand.tsx';
import { Icon } from '../kit/icon.tsx';
import { canCall } from '../media/browser-facts.ts';
import { DevicePickers } from '../media/device-pickers.tsx';
import { Problems } from '../media/problems.tsx';
import type { RoomSession } from '../room/session.ts';
import { JoinForm } from './join-form.tsx';
import { Preview } from './preview.tsx';
import { UnsupportedPage } from './unsupported-page.tsx';
import '../styles/controls.css';
import '../styles/prejoin.css';

export interface PrejoinPageProps {
  session: RoomSession;
  /** Why the last attempt to join failed. */
  error: ParleyError | undefined;
  joining: boolean;
}

export function PrejoinPage({ session, error, joining }: PrejoinPageProps) {
  const { media, room } = session;
  useEffect(() => {
    document.title = `${room} · Parley`;
  }, [room]);
  if (!canCall()) return <UnsupportedPage />;
  const watching = session.role === 'viewer';
  return (
    <div class="prejoin">
      <header>
        <Brand />
      </header>
      <main class="prejoin-body">
        {!watching && (
          <div class="prejoin-preview">
            <Preview media={media} name={session.name.value} />
            <Problems media={media} />
          </div>
        )}
        <div class="prejoin-join">
          <h1>{room}</h1>
          <JoinForm session={session} error={error} joining={joining} />
        </div>
        {!watching && (
          <details class="prejoin-devices">
            <summary>
              <Icon icon={Settings2} size={20} />
              Devices
              <span class="chevron">
                <Icon icon={ChevronDown} size={18} />
              </span>
            </summary>
            <DevicePickers media={media} />
          </details>
        )}
      </main>
    </div>
  );
}
