// Lists recordings, tells of one, and deletes it.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { RecordingDetails, RecordingList } from '../../../shared/recording/recording.ts';
import { ListQuery } from '../../../shared/recording/requests.ts';
import { isUnfinished } from '../../cluster/jobs.ts';
import { FILM_JOB, FilmPayload, filmJobPrefix } from '../../recording/catalog/film-job.ts';
import { FINISH_JOB } from '../../recording/process/finish-kind.ts';
import { idOf, nothing, type RecordingRoutes } from './route-parts.ts';
import { detailsOf, stateOf, summaryOf } from './views.ts';

/** What is told of recordings changes, and concerns nobody in between. */
const NO_STORE = 'no-store';

export function registerLibrary(app: FastifyInstance, routes: RecordingRoutes): void {
  const { catalog, gate, jobs, library, wanted } = routes;

  app.get('/api/recordings', async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { q, ...query } = parse(ListQuery, request.query);
    const order = { ...query, ...(q !== undefined && { query: q }) };
    const { found, cursor } = await library.list(visitor, order);
    const recordings = found.map(({ entry, current }) => summaryOf(entry, current));
    reply.header('cache-control', NO_STORE);
    return { recordings, cursor } satisfies RecordingList;
  });

  app.get('/api/recordings/:id', async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { entry, current } = await library.find(visitor, idOf(request));
    reply.header('cache-control', NO_STORE);
    return detailsOf(entry, current, await library.films(entry)) satisfies RecordingDetails;
  });

  app.delete('/api/recordings/:id', async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const id = idOf(request);
    const half = await library.half(visitor, id);
    const { room } = half ?? (await deletable());
    await cancelJobs(id);
    await catalog.remove(id, room);
    return nothing(reply);

    async function deletable() {
      const { entry, current } = await library.find(visitor, id);
      const state = stateOf(entry, current);
      if (state === 'running' || state === 'paused') throw new ParleyError('still_recording');
      return entry;
    }
  });

  /** What they still make would be written into a folder that is deleted. */
  async function cancelJobs(id: string): Promise<void> {
    const [films, finishing] = await Promise.all([
      jobs.list(FILM_JOB, filmJobPrefix(id)),
      jobs.list(FINISH_JOB, id),
    ]);
    const open = [...films, ...finishing].filter(isUnfinished);
    await Promise.all(open.map((job) => jobs.cancel(job.id)));
    for (const { payload } of films) {
      const film = v.safeParse(FilmPayload, payload);
      if (film.success) await wanted.settle(film.output);
    }
  }
}
