// A button's tooltip while the system mutes its device. Apart from the other words: the first page needs it.
import type { DeviceKind } from '../device-problem.ts';

export const SILENCED_TIP: Record<DeviceKind, string> = {
  microphone: 'Muted by your system or headset',
  camera: 'Blocked by your system or a cover',
};
