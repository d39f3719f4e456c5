// Puts web, sfu and worker together in one process, on the memory cluster; apart from config and signals.
import type { FastifyInstance } from 'fastify';
import { ROOM_TOKEN_SECRET } from '../api/signing-keys.ts';
import { createMemoryCluster } from '../cluster/memory/memory.ts';
import type { Config } from '../config/config.ts';
import { SfuNode } from '../sfu/node.ts';
import { buildWeb } from '../signaling/app.ts';
import { sessionLeaseMs } from '../signaling/session/lease.ts';
import { listenHost } from '../telemetry/listen-host.ts';
import type { Listener } from '../telemetry/listener.ts';
import { localUrls } from '../telemetry/local-url.ts';
import type { Logger } from '../telemetry/log.ts';
import { createMetrics, type Metrics, serveMetrics } from '../telemetry/metrics.ts';
import { Resources } from '../telemetry/resources.ts';
import { describeTurn, turnUrls } from '../turn/pool/environment.ts';
import { Closers, mediaNodeOf } from './compose-parts.ts';
import { recordingLibrary, recordingOfNode, watchWantedFilms } from './compose-recording.ts';
import { closeJobs, startJobs } from './compose-worker.ts';
import { jobLimitsOf } from './connect-store.ts';

export interface AllInOneOptions {
  config: Config;
  workerBin: string;
  clientDir: string;
  log: Logger;
  tls?: { key: string; cert: string };
  /** The secret behind room tokens. Without it and without API keys, tokens end with the process. */
  signingSecret?: string | undefined;
}

export interface AllInOne {
  /** For this machine, with a slash at the end. */
  readonly url: string;
  /** Undefined when the default port was taken. */
  readonly metricsUrl: string | undefined;
  readonly media: {
    listen: readonly string[];
    announced: readonly string[];
    ports: readonly number[];
  };
  /** TURN for browsers, without secrets. */
  readonly turn: string;
  readonly resources: Resources;
  close(): Promise<void>;
}

/** The metrics, unless METRICS_PORT is set: not reachable from outside this machine. */
const DEFAULT_METRICS = { host: '127.0.0.1', port: 9464 };

/** @throws when a port or an address cannot be had. Parts that were open are closed again */
export async function startAllInOne(options: AllInOneOptions): Promise<AllInOne> {
  const { config, workerBin, clientDir, log, tls, signingSecret } = options;
  const resources = new Resources();
  const metrics = createMetrics(resources);
  const { listen, announced, configured, options: nodeOptions } = mediaNodeOf(config);
  const cluster = createMemoryCluster({
    chatHistory: config.limits.chatHistory,
    patchHistory: config.limits.patchHistory,
    sessionLeaseMs: sessionLeaseMs(config),
    jobs: jobLimitsOf(config),
    onListenerError: (err) => log.error({ err }, 'a cluster listener failed'),
  });
  const shared = { cluster, resources, metrics, log };
  const closers = new Closers();
  closers.add(() => cluster.close());
  try {
    if (signingSecret !== undefined) {
      await cluster.secrets.keep(ROOM_TOKEN_SECRET, signingSecret);
    }
    const recording = recordingOfNode({ ...shared, config }, closers);
    const node = await SfuNode.start({ ...shared, ...nodeOptions, ...recording, workerBin });
    closers.add(() => node.close());
    const jobs = startJobs({ ...shared, config });
    closers.add(() => closeJobs(jobs, config));
    watchWantedFilms({ ...shared, config }, closers);
    const { app } = await buildWeb({
      ...shared,
      config,
      recordings: recordingLibrary({ ...shared, config }, closers),
      clientDir,
      ...(tls && { tls }),
    });
    closers.add(() => app.close());
    const metricsServer = await startMetrics(metrics, config, log);
    if (metricsServer) closers.add(() => metricsServer.close());
    await app.listen({ host: await listenHost(config.http.host), port: config.http.port });
    const bound = { host: config.http.host, port: portOf(app) };
    return {
      url: localUrls(bound, { names: true, scheme: tls ? 'https' : 'http' })[0],
      metricsUrl: metricsServer && `http://localhost:${metricsServer.address.port}/metrics`,
      media: { listen, announced, ports: node.ports },
      turn: describeTurn(turnUrls(configured)),
      resources,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** If the default port is taken (by another Parley, for example), there are no metrics, but calls work. */
async function startMetrics(
  metrics: Metrics,
  config: Config,
  log: Logger,
): Promise<Listener | undefined> {
  const { metricsPort } = config.telemetry;
  if (metricsPort !== undefined) {
    return serveMetrics(metrics, { host: await listenHost(config.http.host), port: metricsPort });
  }
  return serveMetrics(metrics, DEFAULT_METRICS).catch((err) => {
    log.warn({ err, port: DEFAULT_METRICS.port }, 'no metrics: their default port is taken');
    return undefined;
  });
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}
