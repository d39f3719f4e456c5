// Before the call: see yourself, enter your name, join.

import { Activity, ChevronDown, Settings2 } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { ParleyError } from '../../../shared/errors.ts';
import { isGranted } from '../../../shared/room/grants.ts';
import { Brand } from '../kit/brand.tsx';
import { Icon } from '../kit/icon.tsx';
import { Lazy } from '../kit/lazy.tsx';
import { canCall } from '../media/can-call.ts';
import { loadDevicePickers } from '../media/load-device-pickers.ts';
import type { RoomSession } from '../room/session.ts';
import { JoinForm } from './join-form.tsx';
import { Preview } from './preview.tsx';
import { useCheck } from './use-check.tsx';
import '../styles/controls.css';
import '../styles/prejoin.css';

export interface PrejoinPageProps {
  session: RoomSession;
  /** Why the last attempt to join failed. */
  error: ParleyError | undefined;
  joining: boolean;
}

async function loadUnsupported() {
  const { UnsupportedPage } = await import('./unsupported-page.tsx');
  return UnsupportedPage;
}

async function loadNotice() {
  const { RecordingNotice } = await import('./recording-notice.tsx');
  return RecordingNotice;
}

async function loadProblems() {
  const { Problems } = await import('../media/problems.tsx');
  return Problems;
}

export function PrejoinPage({ session, error, joining }: PrejoinPageProps) {
  const { media, room } = session;
  useEffect(() => {
    document.title = `${room} · Parley`;
  }, [room]);
  const mayPublish = isGranted(session.role, 'publish');
  const { check, dialog, failed } = useCheck({
    room,
    media: mayPublish ? media : undefined,
  });
  if (!canCall()) return <Lazy load={loadUnsupported} props={{}} isPage />;
  const watching = !mayPublish;
  return (
    <div class="prejoin">
      <header>
        <Brand />
      </header>
      <main class="prejoin-body">
        {!watching && (
          <div class="prejoin-preview">
            <Preview media={media} name={session.name.value} />
            {/* Announced when it appears, without taking the focus away. */}
            <div class="problems" aria-live="polite">
              {(media.failures.value.length > 0 ||
                media.silenced.value.length > 0 ||
                media.news.value) && <Lazy load={loadProblems} props={{ media }} />}
            </div>
          </div>
        )}
        <div class="prejoin-join">
          <h1>{room}</h1>
          <JoinForm session={session} error={error} joining={joining} onCheck={check} />
          <Lazy load={loadNotice} props={{ room }} />
        </div>
        <div class="prejoin-more">
          {!watching && (
            <details class="prejoin-devices">
              <summary>
                <Icon icon={Settings2} size={20} />
                Devices
                <span class="chevron">
                  <Icon icon={ChevronDown} size={18} />
                </span>
              </summary>
              <Lazy load={loadDevicePickers} props={{ media }} />
            </details>
          )}
          <button type="button" class="button quiet small" onClick={check}>
            <Icon icon={Activity} size={20} />
            Check your network
          </button>
          {failed && <p role="alert">The check could not be loaded. Is this device online?</p>}
        </div>
      </main>
      {dialog}
    </div>
  );
}
