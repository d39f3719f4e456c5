// The choice of microphone, camera and speaker.
import { useId } from 'preact/hooks';
import { canChooseSpeaker } from './browser-facts.ts';
import { type Device, listDevices } from './devices.ts';
import type { LocalMedia } from './local-media.ts';
import { playTestSound } from './test-sound.ts';

export function DevicePickers({ media }: { media: LocalMedia }) {
  const { microphones, cameras, speakers } = listDevices(media.devices.value);
  const { microphone, camera, speakerId, speaker } = media;
  // A choice that was refused changes nothing else: the lists show what is used once more.
  void [media.news.value, microphone.pending.value, camera.pending.value];
  return (
    <div class="device-pickers">
      <Picker
        label="Microphone"
        devices={microphones}
        chosen={microphone.currentDevice}
        onChoose={(id) => void microphone.choose(id)}
      />
      <Picker
        label="Camera"
        devices={cameras}
        chosen={camera.currentDevice}
        onChoose={(id) => void camera.choose(id)}
      />
      {canChooseSpeaker() && speakers.length > 0 && (
        <div class="field">
          <Picker
            label="Speaker"
            devices={speakers}
            chosen={speaker.value}
            onChoose={(id) => {
              speakerId.value = id;
            }}
          />
          <button
            type="button"
            class="button small"
            onClick={() => void playTestSound(speaker.value)}
          >
            Play a test sound
          </button>
        </div>
      )}
    </div>
  );
}

interface PickerProps {
  label: string;
  devices: readonly Device[];
  chosen: string;
  onChoose: (id: string) => void;
}

function Picker({ label, devices, chosen, onChoose }: PickerProps) {
  const id = useId();
  const known = devices.some((device) => device.id === chosen);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        disabled={devices.length === 0}
        value={known ? chosen : ''}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {!known && (
          <option value="">{devices.length === 0 ? 'None found yet' : 'System default'}</option>
        )}
        {devices.map((device) => (
          <option key={device.id} value={device.id}>
            {device.label}
          </option>
        ))}
      </select>
    </div>
  );
}
