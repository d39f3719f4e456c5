// The speaker in use, and whether it changed by itself. Pure.
import type { Device } from '../devices.ts';

/** @returns the chosen one while it is there, or '' for the system's default */
export function speakerInUse(chosen: string, speakers: readonly Device[]): string {
  return speakers.some(({ id }) => id === chosen) ? chosen : '';
}

/** The chosen speaker's change between two lists. */
export function speakerChange(
  chosen: string,
  before: readonly Device[],
  now: readonly Device[],
): { type: 'speaker-lost' | 'speaker-back'; label: string } | undefined {
  if (chosen === '') return undefined;
  const was = before.find(({ id }) => id === chosen);
  const is = now.find(({ id }) => id === chosen);
  if (was && !is) return { type: 'speaker-lost', label: was.label };
  // Without any device before, the browser had not given the names yet.
  if (!was && is && before.length > 0) return { type: 'speaker-back', label: is.label };
  return undefined;
}
