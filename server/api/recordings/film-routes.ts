// Orders films of a recording, and cancels them.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { type Film, FilmOrder } from '../../../shared/recording/recording.ts';
import {
  FILM_JOB,
  type FilmPayload,
  filmJobKey,
  filmJobPrefix,
} from '../../recording/catalog/film-job.ts';
import { BODY, idOf, nothing, type RecordingRoutes } from './route-parts.ts';
import { filmOfJob, stateOf } from './views.ts';

const JobParams = v.object({ jobId: v.pipe(v.string(), v.maxLength(200)) });

export function registerFilms(app: FastifyInstance, routes: RecordingRoutes): void {
  const { gate, jobs, library } = routes;

  app.post('/api/recordings/:id/films', BODY, async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { entry, current } = await library.find(visitor, idOf(request));
    const order = parse(FilmOrder, request.body ?? {});
    const state = stateOf(entry, current);
    // The worker waits for one that is put in order.
    if (state === 'running' || state === 'paused') throw new ParleyError('still_recording');
    const payload: FilmPayload = { recording: entry.id, room: entry.room, order };
    const key = filmJobKey(entry.id, order.layout, order.format);
    const film = filmOfJob(await jobs.add({ kind: FILM_JOB, key, payload }));
    if (!film) throw new ParleyError('internal');
    return reply.code(202).send(film satisfies Film);
  });

  app.delete('/api/recordings/:id/films/:jobId', async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { entry } = await library.find(visitor, idOf(request));
    const { jobId } = parse(JobParams, request.params);
    const ofRecording = await jobs.list(FILM_JOB, filmJobPrefix(entry.id));
    if (!ofRecording.some(({ id }) => id === jobId)) {
      throw new ParleyError('not_found', { message: 'This recording has no such film.' });
    }
    await jobs.cancel(jobId);
    return nothing(reply);
  });
}
