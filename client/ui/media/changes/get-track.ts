// Asks the browser for one device.
import { constraintsFor } from '../constraints.ts';
import type { DeviceKind } from '../device-problem.ts';

export async function getTrack(
  kind: DeviceKind,
  deviceId: string,
  exact = false,
): Promise<MediaStreamTrack> {
  if (!navigator.mediaDevices) throw new TypeError('navigator.mediaDevices is missing');
  const constraints = constraintsFor(kind, deviceId, exact);
  const stream = await navigator.mediaDevices.getUserMedia(
    kind === 'microphone' ? { audio: constraints } : { video: constraints },
  );
  const [track] = stream.getTracks();
  if (!track) throw new DOMException('No track came', 'NotFoundError');
  return track;
}
