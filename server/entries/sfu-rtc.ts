// The `sfu-rtc` process: mediasoup workers, on the cluster that REDIS_URL names.
import { provisionWorker } from '../../native/provision.ts';
import { loadConfig } from '../config/config.ts';
import { createLogger } from '../telemetry/log.ts';
import { startSfu } from './compose-cluster.ts';
import { connectStore } from './connect-store.ts';
import { closeOnSignals, failToStart } from './process.ts';

try {
  const config = loadConfig(process.env);
  const log = createLogger(config.telemetry.logLevel);
  const worker = await provisionWorker({ env: process.env });
  const cluster = await connectStore(config, log);
  const replica = await startSfu({ config, log, cluster, workerBin: worker.path });
  const timeoutMs = config.cluster.drainGraceSeconds * 1_000 + config.timing.shutdownMs;
  closeOnSignals(replica, { timeoutMs, log });
  process.stdout.write(`Parley is ready. ${replica.summary}\n`);
} catch (error) {
  failToStart(error, process.env);
}
