// The dialogs of a call: devices, and the keys.
import { useSignal } from '@preact/signals';
import { Dialog } from '../../kit/dialogs/dialog.tsx';
import { Lazy } from '../../kit/lazy.tsx';
import { type Action, ariaShortcut } from '../../kit/shortcuts.ts';
import { remembered } from '../../kit/storage.ts';
import { loadDevicePickers } from '../../media/load-device-pickers.ts';
import type { LocalMedia } from '../../media/local-media.ts';

interface CloseProps {
  onClose: () => void;
}

/** The open dialog. */
export type OpenDialog = 'devices' | 'shortcuts' | undefined;

export function DevicesDialog({ media, onClose }: CloseProps & { media: LocalMedia }) {
  return (
    <Dialog title="Devices" onClose={onClose}>
      <Lazy load={loadDevicePickers} props={{ media }} />
    </Dialog>
  );
}

const LABELS: Readonly<Record<Action, string>> = {
  microphone: 'Microphone on or off',
  camera: 'Camera on or off',
  chat: 'Open or close the chat',
  participants: 'Open or close the list of participants',
  nextPage: 'Next page of people',
  previousPage: 'Previous page of people',
  statistics: 'Call statistics',
  shortcuts: 'Keyboard shortcuts',
};

export function ShortcutsDialog({ onClose }: CloseProps) {
  const on = useSignal(remembered.shortcutsOff.get() === '');
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {(Object.keys(LABELS) as Action[]).map((action) => (
          <div key={action}>
            <dt>{LABELS[action]}</dt>
            <dd>
              <kbd>{ariaShortcut(action)}</kbd>
            </dd>
          </div>
        ))}
        <div>
          <dt>Close a panel or menu</dt>
          <dd>
            <kbd>Esc</kbd>
          </dd>
        </div>
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={on.value}
          onChange={(event) => {
            on.value = event.currentTarget.checked;
            remembered.shortcutsOff.set(on.value ? '' : '1');
          }}
        />
        Use single keys as shortcuts
      </label>
    </Dialog>
  );
}
