// Routes of the page and addresses of rooms. Pure.
import { pagePath } from '../../shared/protocol/page-path.ts';
import { cleanRoomName, isRoomName } from '../../shared/protocol/text.ts';

export type Route =
  | { page: 'home' }
  | { page: 'room'; room: string; relayOnly: boolean }
  /** The network check; with a room, by its invitation. */
  | { page: 'check'; room: string | undefined }
  /** The operator's. */
  | { page: 'admin' }
  /** The recordings of one room; without a room, all recordings, for the operator. */
  | { page: 'recordings'; room: string | undefined }
  /** A room's call in a frame of another page. */
  | { page: 'embed'; room: string }
  /** A room name that no room can have; `suggestion` is the nearest one that can, or ''. */
  | { page: 'bad-room'; given: string; suggestion: string }
  | { page: 'unknown' };

export function routeOf(url: URL): Route {
  const pathname = pagePath(url.pathname) ?? url.pathname;
  if (pathname === '/') return { page: 'home' };
  if (pathname === '/admin') return { page: 'admin' };
  if (pathname === '/check') return { page: 'check', room: roomNamed(url) };
  const [, place, name] = /^\/(r|recordings|embed(?=\/))(?:\/(.*?)\/?)?$/s.exec(pathname) ?? [];
  if (place === undefined) return { page: 'unknown' };
  if (name === undefined) return { page: 'recordings', room: undefined };
  const given = decode(name);
  if (given === '') return { page: 'home' };
  if (!isRoomName(given)) return { page: 'bad-room', given, suggestion: cleanRoomName(given) };
  if (place !== 'r') return { page: place as 'recordings' | 'embed', room: given };
  return { page: 'room', room: given, relayOnly: url.searchParams.get('relay') === '1' };
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

/** The link to share. Never with a token: a token belongs to one participant, who may be a host. */
export function roomLink(origin: string, room: string): string {
  return new URL(roomPath(room), origin).href;
}

/** The room token in the fragment, which no browser sends to a server. */
export function tokenOf(url: URL): string | undefined {
  const token = new URLSearchParams(url.hash.slice(1)).get('token');
  return token ? token : undefined;
}

/** An impossible room name counts as none: the check works without. */
function roomNamed({ searchParams }: URL): string | undefined {
  const room = searchParams.get('room') ?? '';
  return isRoomName(room) ? room : undefined;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
