// The controls of a call. Their order never changes. Leave stands apart.
import { ChevronUp, Ellipsis, MessageSquare, MonitorUp, MonitorX, PhoneOff, Users } from 'lucide';
import { isGranted } from '../../../../shared/room/grants.ts';
import { unreadLabel } from '../../chat/messages.ts';
import { ControlButton } from '../../kit/control-button.tsx';
import { Icon } from '../../kit/icon.tsx';
import { toggleMenu } from '../../kit/menu.tsx';
import { notify } from '../../kit/notices.tsx';
import { ariaShortcut } from '../../kit/shortcuts.ts';
import { canShareScreen } from '../../media/browser-facts.ts';
import type { LocalMedia } from '../../media/local-media.ts';
import { CameraButton, MicrophoneButton } from '../../media/media-buttons.tsx';
import type { RoomSession } from '../../room/session.ts';
import type { CallModel } from '../call-model.ts';
import { isRecordInToolbar, RecordButton } from '../recording/record-button.tsx';
import type { OpenDialog } from './dialogs.tsx';
import { cameraMenu, microphoneMenu, moreMenu } from './menus.ts';
import { pickScreen } from './pick-screen.ts';
import { shows } from './shown.ts';

export interface ToolbarProps {
  model: CallModel;
  session: RoomSession;
  onDialog: (name: OpenDialog) => void;
}

export function Toolbar({ model, session, onDialog }: ToolbarProps) {
  const { media } = session;
  const watching = !isGranted(model.role.value, 'publish');
  const unread = model.unread.value;
  const labels = !model.compact.value;
  return (
    <div
      class="toolbar"
      role="toolbar"
      aria-label="Call controls"
      inert={model.panelCoversStage.value}
      onKeyDown={moveFocus}
    >
      {watching ? (
        <p class="toolbar-note">You are watching. Your invitation does not include sharing.</p>
      ) : (
        <>
          {shows(session, 'microphone') && (
            <div class="split">
              <MicrophoneButton
                capture={media.microphone}
                showLabel={labels}
                shortcut={ariaShortcut('microphone')}
              />
              <MenuButton label="Sound devices" groups={() => microphoneMenu(media)} />
            </div>
          )}
          {shows(session, 'camera') && (
            <div class="split">
              <CameraButton
                capture={media.camera}
                showLabel={labels}
                shortcut={ariaShortcut('camera')}
              />
              <MenuButton label="Video devices" groups={() => cameraMenu(media)} />
            </div>
          )}
          {canShareScreen() && shows(session, 'screen') && (
            <ShareButton media={media} showLabel={labels} />
          )}
        </>
      )}
      {shows(session, 'chat') && (
        <>
          <ControlButton
            label="Chat"
            icon={MessageSquare}
            pressed={model.chatOpen.value}
            look={model.chatOpen.value ? 'active' : 'plain'}
            tip={model.chatOpen.value ? 'Close the chat' : 'Open the chat'}
            shortcut={ariaShortcut('chat')}
            showLabel={labels}
            {...(unread > 0 ? { badge: unreadLabel(unread), describedBy: 'unread' } : {})}
            onClick={({ currentTarget }) => {
              // Safari does not focus a clicked button, so there would be no focus to return to.
              currentTarget.focus();
              model.togglePanel('chat');
            }}
          />
          <span id="unread" hidden>
            {unread} unread
          </span>
        </>
      )}
      {shows(session, 'participants') && <ParticipantsButton model={model} showLabel={labels} />}
      {isRecordInToolbar(model) && shows(session, 'record') && (
        <RecordButton model={model} showLabel={labels} />
      )}
      {shows(session, 'more') && (
        <ControlButton
          label="More"
          icon={Ellipsis}
          tip="More options"
          menu
          showLabel={labels}
          onClick={({ currentTarget }) =>
            toggleMenu(currentTarget, 'More', moreMenu({ model, session, onDialog }))
          }
        />
      )}
      {shows(session, 'leave') && (
        <div class="toolbar-leave">
          <ControlButton
            label="Leave"
            icon={PhoneOff}
            look="danger"
            tip="Leave the call"
            showLabel={labels}
            onClick={() => session.leave()}
          />
        </div>
      )}
    </div>
  );
}

const NUMBER = new Intl.NumberFormat();
/** As short as a badge: 999, 1.2K. */
const SHORT = new Intl.NumberFormat(undefined, { notation: 'compact' });

function ParticipantsButton({ model, showLabel }: { model: CallModel; showLabel: boolean }) {
  const open = model.sidePanel.value === 'participants';
  const count = model.count.value;
  return (
    <ControlButton
      label={`Participants (${NUMBER.format(count)})`}
      caption="Participants"
      icon={Users}
      pressed={open}
      look={open ? 'active' : 'plain'}
      tip={open ? 'Close the list of participants' : 'Show the participants'}
      shortcut={ariaShortcut('participants')}
      showLabel={showLabel}
      badge={SHORT.format(count)}
      badgeTone="quiet"
      onClick={({ currentTarget }) => {
        currentTarget.focus();
        model.togglePanel('participants');
      }}
    />
  );
}

function ShareButton({ media, showLabel }: { media: LocalMedia; showLabel: boolean }) {
  const sharing = media.screen.picture.value !== undefined;
  const toggle = async () => {
    if (sharing) return media.screen.stop();
    try {
      await pickScreen(media.screen);
    } catch {
      notify({
        text: 'Your system does not let this browser share the screen. Allow screen recording for it in the system settings.',
        tone: 'warning',
      });
    }
  };
  return (
    <ControlButton
      label="Share screen"
      icon={sharing ? MonitorX : MonitorUp}
      pressed={sharing}
      look={sharing ? 'active' : 'plain'}
      tip={sharing ? 'Stop sharing' : 'Share your screen'}
      showLabel={showLabel}
      onClick={() => void toggle()}
    />
  );
}

interface MenuButtonProps {
  label: string;
  groups: () => Parameters<typeof toggleMenu>[2];
}

function MenuButton({ label, groups }: MenuButtonProps) {
  return (
    <button
      type="button"
      class="split-menu"
      aria-label={label}
      aria-haspopup="menu"
      aria-expanded={false}
      onClick={({ currentTarget }) => toggleMenu(currentTarget, label, groups())}
    >
      <Icon icon={ChevronUp} size={18} />
    </button>
  );
}

/** WAI-ARIA toolbar pattern: arrows move along it; Tab works as everywhere. */
function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const buttons: (Element | null)[] = [...event.currentTarget.querySelectorAll('button')].filter(
    (button) => button.offsetParent !== null,
  );
  const at = buttons.indexOf(document.activeElement);
  const next = buttons.at((at + step) % buttons.length);
  if (next instanceof HTMLElement) next.focus();
  event.preventDefault();
}
