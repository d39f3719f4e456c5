// The microphone and camera switches, the same before the call and in it.
import { Mic, MicOff, Video, VideoOff } from 'lucide';
import { ControlButton } from '../kit/control-button.tsx';
import type { Capture } from './capture.ts';

export interface MediaButtonProps {
  capture: Capture;
  showLabel?: boolean;
  /** In the call, keys do the same. */
  withShortcut?: boolean;
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
  withShortcut,
}: SwitchProps) {
  const failed = capture.error.value !== undefined;
  // On is what is really sent, or is about to be.
  const active = isActive(capture);
  return (
    <ControlButton
      label={label}
      icon={active ? on : off}
      pressed={active}
      look={active ? 'plain' : 'off'}
      tip={failed ? `${label} unavailable. Try again` : `Turn ${active ? 'off' : 'on'}`}
      {...(withShortcut ? { shortcut: capture.kind } : {})}
      showLabel={showLabel}
      {...(failed ? { badge: '!', badgeTone: 'warning' as const } : {})}
      onClick={() => void toggleCapture(capture)}
    />
  );
}

function isActive({ on, track, pending }: Capture): boolean {
  return on.value && (track.value !== undefined || pending.value);
}

/** A click on what failed tries it again; on anything else it switches. */
export async function toggleCapture(capture: Capture): Promise<void> {
  if (capture.on.value && !isActive(capture)) await capture.open();
  else await capture.setOn(!capture.on.value);
}
