// Opens one device and classifies the browser's refusals.
import { readBrowserFacts } from '../browser-facts.ts';
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

export function isNotAllowed(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotAllowedError';
}

export function isBusy(error: unknown): boolean {
  return error instanceof DOMException && /NotReadable|Abort/.test(error.name);
}

/** Phones: there a camera is no proof of another program. Elsewhere the picture must not stop. */
export function opensOneAtATime(kind: DeviceKind): boolean {
  return kind === 'camera' && /^(android|ios)$/.test(readBrowserFacts().system);
}
