// The microphone and camera switches, the same before the call and in it.
import { Mic, MicOff, Video, VideoOff } from 'lucide';
import { ControlButton } from '../kit/control-button.tsx';
import type { Capture } from './capture.ts';
import { SILENCED_TIP } from './changes/silenced-tip.ts';

export interface MediaButtonProps {
  capture: Capture;
  showLabel?: boolean;
  /** In the call, keys do the same. In the form of `aria-keyshortcuts`. */
  shortcut?: string;
}

export function MicrophoneButton(props: MediaButtonProps) {
  return <MediaButton {...props} label="Microphone" icons={[Mic, MicOff]} />;
}

export function CameraButton(props: MediaButtonProps) {
  return <MediaButton {...props} label="Camera" icons={[Video, VideoOff]} />;
}

interface SwitchProps extends MediaButtonProps {
  label: 'Microphone' | 'Camera';
  icons: readonly [on: typeof Mic, off: typeof Mic];
}

function MediaButton({
  capture,
  label,
  icons: [on, off],
  showLabel = false,
  shortcut,
}: SwitchProps) {
  const failed = capture.error.value !== undefined;
  const silenced = capture.on.value && capture.silenced.value;
  // On is what is really sent, or is about to be.
  const active = isActive(capture);
  const tip = failed
    ? `${label} unavailable. Try again`
    : silenced
      ? SILENCED_TIP[capture.kind]
      : `Turn ${active ? 'off' : 'on'}`;
  return (
    <ControlButton
      label={label}
      icon={active ? on : off}
      pressed={active}
      look={active ? 'plain' : 'off'}
      tip={tip}
      note={silenced ? SILENCED_TIP[capture.kind] : undefined}
      shortcut={shortcut}
      showLabel={showLabel}
      {...(failed || silenced ? { badge: '!', badgeTone: 'warning' as const } : {})}
      onClick={() => void toggleCapture(capture)}
    />
  );
}

function isActive({ on, track, pending, silenced }: Capture): boolean {
  return on.value && ((track.value !== undefined && !silenced.value) || pending.value);
}

/** A click on what failed tries it again; on anything else it switches. */
export async function toggleCapture(capture: Capture): Promise<void> {
  if (capture.on.value && !isActive(capture)) await capture.open();
  else await capture.setOn(!capture.on.value);
}
