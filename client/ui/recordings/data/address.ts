// Addresses of recordings: the page of a room's, and the one that is open.
import { route } from '../../kit/navigation.ts';

export function recordingsPath(room: string): string {
  return `/recordings/${encodeURIComponent(room)}`;
}

/** The path of one recording, on the page that is open. @param play whether its film begins at once */
export function detailsPath(id: string, play = false): string {
  return `${location.pathname}?recording=${encodeURIComponent(id)}${play ? '&play=1' : ''}`;
}

/** What the address names. A component that reads it follows the address. */
export function openRecording(): { id: string | undefined; play: boolean } {
  // The route is another object after each change of the address.
  void route.value;
  const search = new URLSearchParams(location.search);
  return { id: search.get('recording') ?? undefined, play: search.has('play') };
}
