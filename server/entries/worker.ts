// The `worker` process: does what may wait, such as films, on the cluster that REDIS_URL names.
import { loadConfig } from '../config/config.ts';
import { createLogger } from '../telemetry/log.ts';
import { startWorker } from './compose-cluster.ts';
import { connectStore } from './connect-store.ts';
import { closeOnSignals, failToStart } from './process.ts';

try {
  const config = loadConfig(process.env);
  const log = createLogger(config.telemetry.logLevel);
  const cluster = await connectStore(config, log);
  const replica = await startWorker({ config, log, cluster });
  closeOnSignals(replica, { timeoutMs: config.timing.shutdownMs, log });
  process.stdout.write(`Parley is ready. ${replica.summary}\n`);
} catch (error) {
  failToStart(error, process.env);
}
