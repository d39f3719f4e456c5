// Whether media workers start here, and carry what the other checks send to.

import { debianToolchain } from '../../../native/build/toolchain.ts';
import { ProvisionError } from '../../../native/errors.ts';
import { provisionWorker } from '../../../native/provision.ts';
import type { Config } from '../../config/config.ts';
import { type DoctorMedia, openDoctorMedia } from '../../sfu/checks/doctor-media.ts';
import { listenInfos } from '../../sfu/workers/addresses.ts';
import type { Logger } from '../../telemetry/log.ts';
import { failed, ok, reasonOf, type Verdict } from '../finding.ts';

export interface WorkerOptions {
  media: Config['media'];
  listen: readonly string[];
  announced: readonly string[];
  count: number;
  /** The configured ports are taken: use any others. */
  elsewhere: boolean;
  env: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface WorkerCheck {
  verdict: Verdict;
  /** Undefined when no worker could be started. */
  media: DoctorMedia | undefined;
}

/** Longer than running a binary once takes. */
const FIND_MS = 5_000;

export async function checkWorker(options: WorkerOptions): Promise<WorkerCheck> {
  let path: string;
  try {
    path = await findWorker(options.env);
  } catch (error) {
    const remedy =
      'Run `npm run build`, which downloads or builds it; or name one in MEDIASOUP_WORKER_BIN.';
    return { verdict: failed('no_worker', reasonOf(error), remedy), media: undefined };
  }
  const { media, listen, announced, count, elsewhere, log } = options;
  try {
    const opened = await openDoctorMedia({
      ...{ count, workerBin: path, protocols: media.protocols, log },
      port: elsewhere ? 0 : media.port,
      listenInfos: (port) => listenInfos(listen, announced, media.protocols, port),
    });
    const ports = opened.targets.map(({ port }) => port).join(', ');
    const why = elsewhere ? ' (the configured ones are in use)' : '';
    const many = count === 1 ? 'A worker starts' : `${count} workers start`;
    return {
      verdict: ok(`${many} and take${count === 1 ? 's' : ''} port ${ports}${why}.`),
      media: opened,
    };
  } catch (error) {
    const remedy =
      'Free the ports or choose another MEDIA_PORT; for anything else, the log of the start says more.';
    return { verdict: failed('worker_failed', reasonOf(error), remedy), media: undefined };
  }
}

/** Finds an existing one: a download or a build would take minutes. */
async function findWorker(env: WorkerOptions['env']): Promise<string> {
  const giveUp = new AbortController();
  const none = () => new ProvisionError('There is no mediasoup-worker on this machine yet.');
  const timer = setTimeout(() => giveUp.abort(none()), FIND_MS);
  try {
    const { path } = await provisionWorker({
      env: { ...env },
      signal: giveUp.signal,
      toolchain: { ...debianToolchain, install: () => Promise.reject(none()) },
      log(line) {
        if (line.startsWith('Downloading')) giveUp.abort(none());
      },
    });
    return path;
  } finally {
    clearTimeout(timer);
  }
}
