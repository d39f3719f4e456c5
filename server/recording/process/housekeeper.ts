// Deletes recordings that are older than they may be, and goes on with deletions that were interrupted.
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { Catalog } from '../catalog/catalog.ts';

export interface HousekeeperOptions {
  catalog: Pick<Catalog, 'expired' | 'removing' | 'remove'>;
  /** RECORD_RETENTION_DAYS; 0: for ever. */
  retentionDays: number;
  resources: Resources;
  log: Logger;
}

/** A day more or less does not matter: every recorder of the cluster looks. */
const LOOK_MS = 600_000;

export class Housekeeper {
  readonly #options: HousekeeperOptions;
  readonly #timer: Timer;
  #isLooking = false;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
    // Recorders that start together do not look together.
    this.#timer = options.resources.every(LOOK_MS * (0.5 + Math.random()), () => {
      void this.look(Date.now());
    });
  }

  /** Never rejects: the next look goes on. @param nowMs UTC milliseconds */
  async look(nowMs: number): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { catalog, retentionDays, log } = this.#options;
    try {
      const over = [
        ...(await catalog.removing()),
        ...(await catalog.expired(retentionDays, nowMs)),
      ];
      for (const { id, room } of over) {
        const isGone = await catalog.remove(id, room, nowMs);
        if (isGone) log.info({ recordingId: id, room }, 'a recording was deleted');
      }
    } catch (err) {
      log.warn({ err }, 'old recordings could not be deleted yet');
    } finally {
      this.#isLooking = false;
    }
  }

  close(): void {
    this.#timer.close();
  }
}
