// The call: the participants on the stage, the controls below, everything else beside or above on demand.
import { batch, effect, useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isGranted } from '../../../shared/room/grants.ts';
import type { Call } from '../../sdk/session/types.ts';
import { ChatPanel } from '../chat/chat-panel.tsx';
import { blockReload } from '../kit/late-part.ts';
import { Lazy } from '../kit/lazy.tsx';
import { closeMenu, MenuLayer } from '../kit/menu.tsx';
import { DONE, Notices, notify } from '../kit/notices.tsx';
import { readBrowserFacts } from '../media/browser-facts.ts';
import { newsText } from '../media/changes/news.ts';
import { describeFailures } from '../media/device-problem.ts';
import type { LocalMedia } from '../media/local-media.ts';
import { toggleCapture } from '../media/media-buttons.tsx';
import { loadParticipantsPanel } from '../people/load.ts';
import type { RoomSession } from '../room/session.ts';
import { Stage } from '../stage/stage.tsx';
import { StatsPanel } from '../stats/stats-panel.tsx';
import { CallModel } from './call-model.ts';
import { Bar } from './controls/bar.tsx';
import { DevicesDialog, type OpenDialog, ShortcutsDialog } from './controls/dialogs.tsx';
import { listenToKeys } from './controls/keyboard.ts';
import { shows } from './controls/shown.ts';
import { hintWhileMuted } from './muted-hint.ts';
import { publishLocalMedia } from './publisher.ts';
import { RecordingStatus } from './recording/recording-status.tsx';
import { RemoteAudio } from './remote-audio.tsx';
import { subscribeToVisible } from './subscriber.ts';
import { keepAwake } from './wake-lock.ts';
import '../styles/call.css';
import '../styles/panels.css';

export interface CallPageProps {
  session: RoomSession;
  call: Call;
}

export function CallPage({ session, call }: CallPageProps) {
  const [model] = useState(() => new CallModel(call));
  const heading = useRef<HTMLHeadingElement>(null);
  // The page before is gone, and the focus with it.
  useEffect(() => heading.current?.focus(), []);
  const dialog = useSignal<OpenDialog>(undefined);
  const { media, room } = session;
  useEffect(() => run(session, model, () => (dialog.value = 'shortcuts')), [model]);
  const close = () => {
    dialog.value = undefined;
  };
  const { unread, chatOpen } = model;
  useEffect(() => {
    document.title = `${unread.value > 0 ? `(${unread.value}) ` : ''}${room} · Parley`;
  }, [unread.value, room]);
  return (
    <div class="call" data-compact={model.compact.value} data-many={model.stage.many.value}>
      <main class="call-main" inert={model.panelCoversStage.value}>
        <h1 ref={heading} class="sr-only" tabIndex={-1}>
          Call in {room}
        </h1>
        <Stage model={model} session={session} />
        <div class="call-over">
          <Notices />
        </div>
        <RemoteAudio model={model} speakerId={media.speaker.value} />
        {model.statsOpen.value && <StatsPanel model={model} />}
        <MenuLayer />
      </main>
      <RecordingStatus model={model} session={session} />
      {chatOpen.value && <ChatPanel model={model} />}
      {model.sidePanel.value === 'participants' && (
        <Lazy load={loadParticipantsPanel} props={{ model }} />
      )}
      <Bar
        model={model}
        session={session}
        onDialog={(name) => {
          dialog.value = name;
        }}
      />
      {dialog.value === 'devices' && <DevicesDialog media={media} onClose={close} />}
      {dialog.value === 'shortcuts' && <ShortcutsDialog onClose={close} />}
    </div>
  );
}

/** Starts everything of a call that is not shown on the page. */
function run(session: RoomSession, model: CallModel, showShortcuts: () => void): () => void {
  const { call } = model;
  const { media } = session;
  const mayShare = () => isGranted(model.role.value, 'publish');
  const cleanups = [
    publishLocalMedia(call, media),
    subscribeToVisible(model),
    keepAwake(),
    hintWhileMuted(media),
    notifyProblems(media),
    notifyNews(media),
    call.on('problem', ({ message }) => notify({ text: message, tone: 'warning' })),
    effect(() => {
      const connection = model.connection.value;
      if (connection.state === 'ended') session.ended(connection.error);
    }),
    listenToKeys({
      microphone: () =>
        mayShare() && shows(session, 'microphone') && void toggleCapture(media.microphone),
      camera: () => mayShare() && shows(session, 'camera') && void toggleCapture(media.camera),
      chat: () => shows(session, 'chat') && model.togglePanel('chat'),
      participants: () => shows(session, 'participants') && model.togglePanel('participants'),
      nextPage: () => model.stage.turnPage(1),
      previousPage: () => model.stage.turnPage(-1),
      statistics: () => toggle(model.statsOpen),
      shortcuts: showShortcuts,
    }),
    blockReload(),
    () => model.close(),
  ];
  return () => {
    batch(() => {
      for (const cleanup of cleanups) cleanup();
    });
    closeMenu();
  };
}

/** Problems from before the call were shown there. The buttons still show them. */
function notifyProblems(media: LocalMedia): () => void {
  let first = true;
  return effect(() => {
    const problems = describeFailures(media.failures.value, readBrowserFacts());
    if (!first) {
      for (const { title, advice } of problems) {
        notify({ text: `${title}. ${advice}`, tone: 'warning', action: DONE });
      }
    }
    first = false;
  });
}

/** Notices about devices that changed by themselves. */
function notifyNews(media: LocalMedia): () => void {
  let shown = media.news.peek();
  return effect(() => {
    const news = media.news.value;
    if (news && news !== shown) notify(newsText(news, readBrowserFacts()));
    shown = news;
  });
}

function toggle(flag: { value: boolean }): void {
  flag.value = !flag.value;
}
