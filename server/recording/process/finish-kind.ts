// Finishes a recording, as a job: one process of the cluster has it at a time, and orders its films.
import type { JobStore } from '../../cluster/jobs.ts';
import type { JobKind } from '../../jobs/kind.ts';
import { NotYet } from '../../jobs/next-attempt.ts';
import { FILM_JOB, type FilmPayload, filmJobKey } from '../catalog/film-job.ts';
import { RecordingKey } from './messages.ts';
import type { RecorderProcess } from './recorder-process.ts';

export const FINISH_JOB = 'finish';

export interface FinishKindOptions {
  recorder: Pick<RecorderProcess, 'finish'>;
  jobs: Pick<JobStore, 'add'>;
  /** Films that are made of each recording. */
  films: readonly FilmPayload['order'][];
}

/** Another recorder writes its last lines, or is gone and counts as silent soon. */
const WRITING_MS = 2_000;

export function finishKind(options: FinishKindOptions): JobKind<RecordingKey> {
  return {
    schema: RecordingKey,
    async run({ payload }, { signal }) {
      const outcome = await unlessAborted(options.recorder.finish(payload), signal);
      if (!outcome) throw new NotYet('The recorder of this process is not there.', WRITING_MS);
      if (outcome.is === 'writing') {
        throw new NotYet('A recorder is still writing to it.', WRITING_MS);
      }
      if (outcome.is === 'failed') throw new Error(outcome.problem);
      if (outcome.isNew) await orderFilms(payload, options);
      return {};
    },
  };
}

/** The recorder goes on with what it has begun: it is idempotent, and deletes what was deleted meanwhile. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function orderFilms(
  { id, room }: RecordingKey,
  { jobs, films }: FinishKindOptions,
): Promise<void> {
  for (const order of films) {
    const payload: FilmPayload = { recording: id, room, order };
    await jobs.add({ kind: FILM_JOB, key: filmJobKey(id, order.layout, order.format), payload });
  }
}
