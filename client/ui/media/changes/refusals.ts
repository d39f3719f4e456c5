// What a refused device means. Pure, but for the system's name.
import { readBrowserFacts } from '../browser-facts.ts';
import type { DeviceKind } from '../device-problem.ts';

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
