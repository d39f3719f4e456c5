// When the chosen speaker changed by itself. Pure.
import type { Device } from '../devices.ts';

/** What became of the chosen speaker between two lists. */
export function speakerChange(
  chosen: string,
  before: readonly Device[],
  now: readonly Device[],
): { type: 'speaker-lost' | 'speaker-back'; label: string } | undefined {
  if (chosen === '') return undefined;
  const was = before.find(({ id }) => id === chosen);
  const is = now.find(({ id }) => id === chosen);
  if (was && !is) return { type: 'speaker-lost', label: was.label };
  // Without any before, the browser had not listed them yet.
  if (!was && is && before.length > 0) return { type: 'speaker-back', label: is.label };
  return undefined;
}
