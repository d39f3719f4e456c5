// The `web` process: signalling, HTTP and the page, on the cluster that REDIS_URL names.
import { ensureClient } from '../../client/build.ts';
import { loadConfig } from '../config/config.ts';
import { createLogger } from '../telemetry/log.ts';
import { startWeb } from './compose-cluster.ts';
import { connectStore } from './connect-store.ts';
import { closeOnSignals, failToStart, warnOfAccess } from './process.ts';

try {
  const config = loadConfig(process.env);
  const log = createLogger(config.telemetry.logLevel);
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const client = await ensureClient({ log: progress });
  const cluster = await connectStore(config, log);
  warnOfAccess(config.access, log);
  const replica = await startWeb({ config, log, cluster, clientDir: client.dir });
  const timeoutMs = config.cluster.drainGraceSeconds * 1_000 + config.timing.shutdownMs;
  closeOnSignals(replica, { timeoutMs, log });
  process.stdout.write(`Parley is ready. ${replica.summary}\n`);
} catch (error) {
  failToStart(error, process.env);
}
