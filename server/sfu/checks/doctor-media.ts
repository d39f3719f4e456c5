// Real media workers for `parley doctor`, each with a transport that answers ICE checks.
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import { Resources } from '../../telemetry/resources.ts';
import type { IceTarget } from '../../turn/probe/probe.ts';
import { WorkerPool, type WorkerPoolOptions } from '../workers/worker-pool.ts';
import { openTarget } from './ice-target.ts';

export interface DoctorMediaOptions
  extends Pick<WorkerPoolOptions, 'count' | 'workerBin' | 'port' | 'listenInfos'> {
  protocols: Config['media']['protocols'];
  log: Logger;
}

export interface DoctorMedia {
  /** In the order of the ports. */
  readonly targets: readonly { port: number; target: IceTarget }[];
  close(): void;
}

/** @throws Error when a worker does not start, or its port cannot be had */
export async function openDoctorMedia(options: DoctorMediaOptions): Promise<DoctorMedia> {
  const resources = new Resources();
  const pool = await WorkerPool.start({ ...options, resources });
  const { protocols } = options;
  try {
    const targets = await Promise.all(
      pool.live.map(async (live) => {
        const { target } = await openTarget(live, { protocols, resources });
        return { port: live.port, target };
      }),
    );
    return { targets, close: () => pool.close() };
  } catch (error) {
    pool.close();
    throw error;
  }
}
