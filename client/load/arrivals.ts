// Participants arrive over the ramp, publishers first; publishers speak in turn. Pure.
import type { LoadPlan } from './plan.ts';

export interface Arrival {
  /** After the run began. */
  atMs: number;
  role: 'publisher' | 'viewer';
  hasCamera: boolean;
  room: string;
  name: string;
  /** What it receives is counted. */
  isCounted: boolean;
  /** Counts the participants of this role in this room. */
  place: number;
  /** Publishers of this room in all. */
  publishersOfRoom: number;
}

/** In order of time. They follow the clock: one that is late moves none after it. */
export function arrivals(plan: LoadPlan): Arrival[] {
  const { publishers, viewers, cameras, rooms, rampMs, counted, called } = plan;
  const count = publishers + viewers;
  return Array.from({ length: count }, (_, index): Arrival => {
    const role = index < publishers ? 'publisher' : 'viewer';
    const among = role === 'publisher' ? index : index - publishers;
    const room = among % rooms;
    return {
      // The first comes at once, the last at the end of the ramp.
      atMs: count === 1 ? 0 : Math.round((index * rampMs) / (count - 1)),
      role,
      hasCamera: index < cameras,
      room: roomName(plan, room),
      name: `${called ?? role} ${(called === undefined ? among : index) + 1}`,
      isCounted: spread(counted, count, index),
      place: Math.floor(among / rooms),
      publishersOfRoom: share(publishers, rooms, room),
    };
  });
}

export function roomName({ room, rooms }: LoadPlan, index: number): string {
  return rooms === 1 ? room : `${room}-${index + 1}`;
}

/** How many of `count` fall on one of `rooms` that are filled in turn. */
function share(count: number, rooms: number, room: number): number {
  return Math.floor((count - room + rooms - 1) / rooms);
}

/** Whether the one at `index` is among `chosen` of `count` that are spread evenly. The first one is. */
function spread(chosen: number, count: number, index: number): boolean {
  return Math.ceil(((index + 1) * chosen) / count) > Math.ceil((index * chosen) / count);
}

/** How long nothing changes of who speaks. */
export const TURN_MS = 5_000;

/**
 * Whether a publisher speaks: as many as the plan says. After each turn the one who has spoken longest is silent, and the
 * next one begins.
 *
 * @param elapsedMs since the run began, the same for all participants
 */
export function speaks(
  { place, publishersOfRoom }: Pick<Arrival, 'place' | 'publishersOfRoom'>,
  speakers: number,
  elapsedMs: number,
): boolean {
  const turn = Math.floor(elapsedMs / TURN_MS);
  const first = turn % publishersOfRoom;
  return (place - first + publishersOfRoom) % publishersOfRoom < speakers;
}
