// Orders films of a recording, and cancels them.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { type Film, FilmOrder } from '../../../shared/recording/recording.ts';
import {
  FILM_JOB,
  FilmPayload,
  filmJobKey,
  filmJobPrefix,
} from '../../recording/catalog/film-job.ts';
import { BODY, idOf, nothing, type RecordingRoutes } from './route-parts.ts';
import { filmOfJob, stateOf } from './views.ts';

const JobParams = v.object({ jobId: v.pipe(v.string(), v.maxLength(200)) });

export function registerFilms(app: FastifyInstance, routes: RecordingRoutes): void {
  const { gate, jobs, library, log, wanted } = routes;

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
    await wanted.add(payload).catch((err: unknown) => {
      // The job is there: the film is lost with the memory of the cluster's store alone.
      log.warn({ err, recording: entry.id }, 'it is not written down that a film is wanted');
    });
    return reply.code(202).send(film satisfies Film);
  });

  app.delete('/api/recordings/:id/films/:jobId', async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { entry } = await library.find(visitor, idOf(request));
    const { jobId } = parse(JobParams, request.params);
    const ofRecording = await jobs.list(FILM_JOB, filmJobPrefix(entry.id));
    const payload = v.safeParse(FilmPayload, ofRecording.find(({ id }) => id === jobId)?.payload);
    if (!payload.success) {
      throw new ParleyError('not_found', { message: 'This recording has no such film.' });
    }
    await jobs.cancel(jobId);
    await wanted.settle(payload.output).catch((err: unknown) => {
      log.debug({ err, recording: entry.id }, 'a worker finds that the film is not wanted');
    });
    return nothing(reply);
  });
}
