// Starts, pauses and stops recordings by HTTP, and says whether a room is recorded.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { newRecordingId } from '../../../shared/recording/recording-id.ts';
import type { CurrentRecording, RecordingStarted } from '../../../shared/recording/requests.ts';
import { RoomName } from '../../../shared/room/room.ts';
import { newEntry } from '../../recording/catalog/entry.ts';
import type { Visitor } from './gate.ts';
import { roomOf } from './library.ts';
import { BODY, idOf, nothing, type RecordingRoutes } from './route-parts.ts';

const RoomParams = v.object({ room: RoomName });
const BYTES_PER_MB = 1_000_000;
/** A slow store does not hold up the start of a recording: recorders write there later. */
const STORE_WAIT_MS = 2_000;

export function registerControl(app: FastifyInstance, routes: RecordingRoutes): void {
  const { catalog, config, control, gate, library, log, resources } = routes;

  app.get('/api/rooms/:room/recording', async (request, reply) => {
    const { room } = parse(RoomParams, request.params);
    await gate.assertMayJoin(request, reply, room);
    const current = await control.current(room);
    const recording = current ? { paused: current.paused, startedAt: current.startedAt } : null;
    reply.header('cache-control', 'no-store');
    return { recording } satisfies CurrentRecording;
  });

  app.post('/api/rooms/:room/recordings', BODY, async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    assertMayControl(visitor);
    const { room } = parse(RoomParams, request.params);
    if (visitor.sees === 'room' && visitor.room !== room) {
      throw new ParleyError('not_found', { message: 'Nobody is in this room.' });
    }
    await assertSpace();
    const startedAt = Date.now();
    const id = newRecordingId(startedAt);
    await control.start(room, id);
    const current = await control.current(room).catch(() => undefined);
    await begin({ id, room, startedAt: current?.id === id ? current.startedAt : startedAt });
    return reply.code(201).send({ id } satisfies RecordingStarted);
  });

  for (const action of ['pause', 'resume', 'stop'] as const) {
    app.post(`/api/recordings/:id/${action}`, BODY, async (request, reply) => {
      const visitor = await gate.visitor(request, reply);
      assertMayControl(visitor);
      const id = idOf(request);
      const room = await runningRoom(visitor, id);
      if (action === 'stop') await control.stop(room, id);
      else await control.pause(id, room, action === 'pause');
      return nothing(reply);
    });
  }

  /** Hosts control recordings by HTTP where they may in the call. @throws ParleyError `forbidden` */
  function assertMayControl(visitor: Visitor): void {
    if (visitor.sees === 'everything' || config.by !== 'applications') return;
    throw new ParleyError('forbidden', {
      message: 'On this server applications alone start and stop recordings (RECORD_BY).',
    });
  }

  /** @throws ParleyError `not_found` */
  async function runningRoom(visitor: Visitor, id: string): Promise<string> {
    // The rooms know what runs. The index may not: it has just begun, or the store is away.
    const room = await roomThatHas(visitor, id);
    return room ?? (await library.find(visitor, id)).entry.room;
  }

  /** The room that has this recording now, of those that the visitor sees. */
  async function roomThatHas(visitor: Visitor, id: string): Promise<string | undefined> {
    if (visitor.sees === 'everything') return control.roomOf(id);
    const own = roomOf(visitor);
    return own !== undefined && (await control.current(own))?.id === id ? own : undefined;
  }

  /** @throws ParleyError `recordings_full` */
  async function assertSpace(): Promise<void> {
    if (config.quotaMb === 0) return;
    const bytes = await catalog.totalBytes().catch((err: unknown) => {
      // A recording is worth more than the quota: what it takes is counted when the store is back.
      log.warn({ err }, 'the space that recordings take is not known: a recording starts anyway');
      return 0;
    });
    if (bytes >= config.quotaMb * BYTES_PER_MB) throw new ParleyError('recordings_full');
  }

  /** Makes the recording known at once. Its recorder does the same, so that a failure costs nothing. */
  async function begin(place: { id: string; room: string; startedAt: number }): Promise<void> {
    const written = catalog.begin(newEntry(place, config.keyTemplate)).catch((err: unknown) => {
      log.warn({ err, recording: place.id }, 'the index entry of a recording could not be written');
    });
    await resources.atMost(STORE_WAIT_MS, written);
  }
}
