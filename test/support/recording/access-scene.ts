// What can be asked of recordings over HTTP, and a server with some: for tests of who may.
import type { TestContext } from 'node:test';
import type { IndexEntry } from '../../../server/recording/catalog/entry.ts';
import { CLOSED, RecordingWeb } from './recording-web.ts';
import { putRecording, readyEntry, runningEntry } from './recordings.ts';

export const FILM = 'grid-1.mp4';
export const TRACK = 'ada-camera-1.webm';

export type Call = readonly [method: string, path: string, body?: unknown];

/** All that can be asked of one recording. Deletion comes last. */
export const callsOf = ({ id }: IndexEntry): Call[] => [
  ['GET', `/api/recordings/${id}`],
  ['GET', `/api/recordings/${id}/manifest`],
  ['GET', `/api/recordings/${id}/files/${TRACK}`],
  ['HEAD', `/api/recordings/${id}/files/${TRACK}`],
  ['GET', `/api/recordings/${id}/films/${FILM}`],
  ['POST', `/api/recordings/${id}/tickets`, { name: FILM }],
  ['POST', `/api/recordings/${id}/links`, { name: FILM }],
  ['POST', `/api/recordings/${id}/films`, {}],
  ['DELETE', `/api/recordings/${id}/films/job-1`],
  ['DELETE', `/api/recordings/${id}`],
];

/** All that can be asked of a room's recording that runs. */
export const controlsOf = ({ id, room }: IndexEntry): Call[] => [
  ['POST', `/api/recordings/${id}/pause`],
  ['POST', `/api/recordings/${id}/resume`],
  ['POST', `/api/recordings/${id}/stop`],
  ['POST', `/api/rooms/${room}/recordings`],
];

export async function accessScene(context: TestContext, env: Record<string, string> = CLOSED) {
  const web = await RecordingWeb.start(context, env);
  const put = (room: string) => {
    const entry = readyEntry({ room });
    putRecording(web.store, entry, [FILM]);
    return entry;
  };
  const run = (room: string) => {
    const entry = runningEntry({ room });
    putRecording(web.store, entry);
    web.rooms.rooms.set(room, {
      id: entry.id,
      startedAt: entry.startedAt,
      startedBy: null,
      paused: false,
    });
    return entry;
  };
  const statuses = async (calls: readonly Call[], token: string | undefined) => {
    const found: number[] = [];
    for (const [method, path, body] of calls) {
      found.push((await web.ask(method, path, { token, body })).status);
    }
    return found;
  };
  return { web, put, run, statuses };
}

export const ALL_WELL = [200, 200, 200, 200, 200, 201, 201, 202, 204, 204];
export const CONTROL_WELL = [204, 204, 204, 201];
export const every = (status: number, calls: readonly Call[]) => calls.map(() => status);
