// Orders films again whose jobs the cluster has forgotten: its store was started empty, or with all of Parley.
import { isUnfinished, type JobStore } from '../../cluster/jobs.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { FILM_JOB, type FilmPayload, filmJobKey } from '../catalog/film-job.ts';
import type { WantedFilms } from '../catalog/wanted-films.ts';

export interface WantedWatchOptions {
  wanted: Pick<WantedFilms, 'all' | 'settle'>;
  jobs: Pick<JobStore, 'add' | 'list'>;
  resources: Resources;
  log: Logger;
}

/** A listing of what is seldom there. Films take minutes anyway. */
const LOOK_MS = 60_000;

export class WantedWatch {
  readonly #options: WantedWatchOptions;
  readonly #timer: Timer;
  #looking: Promise<void> | undefined;

  /** Looks at once, and then again and again. */
  constructor(options: WantedWatchOptions) {
    this.#options = options;
    // Workers that start together do not look together.
    this.#timer = options.resources.every(LOOK_MS * (0.75 + Math.random() / 2), () => {
      void this.look();
    });
    void this.look();
  }

  /** Resolves when all that are wanted now have a job, or could not be looked for: the next look goes on. */
  look(): Promise<void> {
    const { log } = this.#options;
    this.#looking ??= this.#look()
      .catch((err: unknown) => log.debug({ err }, 'wanted films could not be looked for'))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** Waits for the look that is under way. */
  async close(): Promise<void> {
    this.#timer.close();
    await this.#looking;
  }

  async #look(): Promise<void> {
    for (const film of await this.#options.wanted.all()) await this.#see(film);
  }

  async #see(film: FilmPayload): Promise<void> {
    const { wanted, jobs, log } = this.#options;
    const { recording, order } = film;
    const key = filmJobKey(recording, order.layout, order.format);
    const [newest] = await jobs.list(FILM_JOB, key);
    if (!newest) {
      await jobs.add({ kind: FILM_JOB, key, payload: film });
      log.info({ recordingId: recording, ...order }, 'a film is ordered again: its job was lost');
    } else if (!isUnfinished(newest)) {
      await wanted.settle(film);
    }
  }
}
