// What is asked of cameras and microphones. Pure.
import type { DeviceKind } from './device-problem.ts';

/**
 * @param deviceId a device, or '' for the system's default
 * @param exact fail rather than take another device
 */
export function constraintsFor(
  kind: DeviceKind,
  deviceId: string,
  exact = false,
): MediaTrackConstraints {
  const device = deviceId ? { deviceId: exact ? { exact: deviceId } : { ideal: deviceId } } : {};
  if (kind === 'microphone') {
    return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  }
  return {
    ...device,
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
    ...(deviceId ? {} : { facingMode: 'user' }),
  };
}
