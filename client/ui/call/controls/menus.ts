// The entries of the toolbar's menus.
import { Activity, Keyboard, Link, Settings2 } from 'lucide';
import { isGranted } from '../../../../shared/room/grants.ts';
import type { MenuGroup } from '../../kit/menu.tsx';
import { ariaShortcut } from '../../kit/shortcuts.ts';
import { canChooseSpeaker } from '../../media/browser-facts.ts';
import type { Capture } from '../../media/capture.ts';
import { type Device, listDevices } from '../../media/devices.ts';
import type { LocalMedia } from '../../media/local-media.ts';
import type { RoomSession } from '../../room/session.ts';
import type { CallModel } from '../call-model.ts';
import { isRecordInToolbar } from '../recording/record-button.tsx';
import { recordItems, recordingsItem } from '../recording/recording-menu.ts';
import type { OpenDialog } from './dialogs.tsx';
import { copyRoomLink } from './room-link.ts';
import { shows } from './shown.ts';

export function microphoneMenu(media: LocalMedia): MenuGroup[] {
  const { microphones, speakers } = listDevices(media.devices.value);
  const groups = [captureGroup('Microphone', microphones, media.microphone)];
  if (canChooseSpeaker() && speakers.length > 0) {
    const chosen = media.speaker.value || (speakers[0]?.id ?? '');
    groups.push({
      label: 'Speaker',
      items: speakers.map(({ id, label }) => ({
        label,
        checked: id === chosen,
        run: () => {
          media.speakerId.value = id;
        },
      })),
    });
  }
  return groups;
}

export function cameraMenu(media: LocalMedia): MenuGroup[] {
  return [captureGroup('Camera', listDevices(media.devices.value).cameras, media.camera)];
}

function captureGroup(label: string, devices: readonly Device[], capture: Capture): MenuGroup {
  const chosen = capture.currentDevice;
  if (devices.length === 0) {
    // Before the permission is given there are no devices to list.
    return {
      label,
      items: [{ label: `Allow the ${capture.kind}`, run: () => void capture.setOn(true) }],
    };
  }
  return {
    label,
    items: devices.map((device) => ({
      label: device.label,
      checked: device.id === chosen,
      run: () => void capture.choose(device.id),
    })),
  };
}

export interface MoreMenuInput {
  model: CallModel;
  session: RoomSession;
  onDialog: (name: OpenDialog) => void;
}

export function moreMenu({ model, session, onDialog }: MoreMenuInput): MenuGroup[] {
  const keyboard = matchMedia('(pointer: fine)').matches;
  return [
    {
      items: [
        ...(isRecordInToolbar(model) || !shows(session, 'record') ? [] : recordItems(model)),
        ...(shows(session, 'link')
          ? [{ label: 'Copy link', icon: Link, run: () => void copyRoomLink(session.room) }]
          : []),
        ...(isGranted(model.role.value, 'publish')
          ? [{ label: 'Devices', icon: Settings2, run: () => onDialog('devices') }]
          : []),
        // A page in another tab does not share what a frame keeps, such as the access to recordings.
        ...(session.embedding.value ? [] : recordingsItem(model)),
        {
          label: 'Call statistics',
          icon: Activity,
          ...(keyboard ? { shortcut: ariaShortcut('statistics') } : {}),
          run: () => {
            model.statsOpen.value = !model.statsOpen.value;
          },
        },
        ...(keyboard
          ? [
              {
                label: 'Keyboard shortcuts',
                icon: Keyboard,
                shortcut: ariaShortcut('shortcuts'),
                run: () => onDialog('shortcuts'),
              },
            ]
          : []),
      ],
    },
  ];
}
