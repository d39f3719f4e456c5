// Puts `web`, `sfu-rtc` and `worker` together, each a process of its own; apart from config and signals.
import type { AddressInfo } from 'node:net';
import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';
import type { JobKinds, JobKindsContext } from '../jobs/kinds.ts';
import { SfuNode } from '../sfu/node.ts';
import { buildWeb } from '../signaling/app.ts';
import { listenHost } from '../telemetry/listen-host.ts';
import { type Listener, listen as listenOn, pathOf } from '../telemetry/listener.ts';
import type { Logger } from '../telemetry/log.ts';
import { createMetrics, serveMetrics } from '../telemetry/metrics.ts';
import { Resources } from '../telemetry/resources.ts';
import { describeTurn, turnUrls } from '../turn/pool/environment.ts';
import { Closers, closeJobs, mediaNodeOf, startJobs } from './compose-parts.ts';
import { recordingLibrary, recordingOfNode } from './compose-recording.ts';

export interface ReplicaOptions {
  config: Config;
  log: Logger;
  /** Connected. It is closed with the replica. */
  cluster: Cluster;
}

export interface Replica {
  /** Addresses and ports, for the first lines of the log. */
  readonly summary: string;
  /** TCP port of the listener. */
  readonly port: number;
  readonly resources: Resources;
  /** Hands everything over to other replicas, within DRAIN_GRACE_SECONDS, then ends. */
  close(): Promise<void>;
}

/** @throws when a port cannot be opened. Parts that were open are closed again */
export async function startWeb({
  config,
  log,
  cluster,
  clientDir,
}: ReplicaOptions & { clientDir: string }): Promise<Replica> {
  const resources = new Resources();
  const metrics = createMetrics(resources);
  const closers = new Closers();
  closers.add(() => cluster.close());
  try {
    const { app, drain } = await buildWeb({
      config,
      recordings: recordingLibrary({ config, cluster, log }, closers),
      cluster,
      resources,
      metrics,
      log,
      clientDir,
    });
    closers.add(() => app.close());
    const { host, port } = config.http;
    const metricsServer = await startMetrics(metrics, config);
    closers.add(async () => metricsServer?.close());
    await app.listen({ host: await listenHost(host), port });
    closers.add(() => drain(config.cluster.drainGraceSeconds * 1_000));
    const address = app.server.address() as AddressInfo;
    return {
      summary: `web: http://${shown(address)}/${metricsNote(metricsServer)}`,
      port: address.port,
      resources,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** @throws when a worker does not start or a port cannot be opened. Parts that were open are closed again */
export async function startSfu({
  config,
  log,
  cluster,
  workerBin,
}: ReplicaOptions & { workerBin: string }): Promise<Replica> {
  const resources = new Resources();
  const metrics = createMetrics(resources);
  const { listen, announced, configured, options: nodeOptions } = mediaNodeOf(config);
  const { pipeAddress, pipeAnnounced, pipePorts, drainGraceSeconds } = config.cluster;
  const closers = new Closers();
  closers.add(() => cluster.close());
  try {
    const node = await SfuNode.start({
      ...recordingOfNode({ config, cluster, resources, log }, closers),
      cluster,
      resources,
      metrics,
      log,
      ...nodeOptions,
      workerBin,
      pipes: {
        listenInfo: {
          protocol: 'udp',
          ip: pipeAddress ?? listen[0] ?? '127.0.0.1',
          ...(pipeAnnounced !== undefined && { announcedAddress: pipeAnnounced }),
          ...(pipePorts && { portRange: pipePorts }),
          recvBufferSize: config.media.receiveBufferBytes,
        },
        portRange: pipePorts,
      },
    });
    closers.add(() => node.close());
    const metricsServer = await startMetrics(metrics, config);
    closers.add(async () => metricsServer?.close());
    // Last: a platform takes an open port for a replica that is ready.
    const health = await serveHealth(config.http, () => node.ready);
    closers.add(() => health.close());
    closers.add(async () => {
      node.drain();
      const moved = await resources.atMost(drainGraceSeconds * 1_000, node.drained);
      if (!moved) log.warn('some sessions were not moved within DRAIN_GRACE_SECONDS');
    });
    const candidates = [...announced, ...listen].join(', ');
    const protocols = config.media.protocols.map((name) => name.toUpperCase()).join(' and ');
    return {
      summary: `sfu-rtc: ${node.id}, media ${protocols} ${node.ports.join(', ')} on ${candidates}, TURN ${describeTurn(turnUrls(configured))}, health http://${shown(health.address)}/healthz${metricsNote(metricsServer)}`,
      port: health.address.port,
      resources,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/**
 * @param kinds what it does; without it what this release can do
 * @throws when a port cannot be opened. Parts that were open are closed again
 */
export async function startWorker({
  config,
  log,
  cluster,
  kinds,
}: ReplicaOptions & { kinds?: (context: JobKindsContext) => JobKinds }): Promise<Replica> {
  const resources = new Resources();
  const metrics = createMetrics(resources);
  const closers = new Closers();
  closers.add(() => cluster.close());
  try {
    const metricsServer = await startMetrics(metrics, config);
    closers.add(async () => metricsServer?.close());
    const health = await serveHealth(config.http, () => cluster.connected);
    closers.add(() => health.close());
    const jobs = startJobs({ config, cluster, resources, metrics, log }, kinds);
    closers.add(() => closeJobs(jobs, config));
    return {
      summary: `worker: ${config.jobs.atOnce} at once, health http://${shown(health.address)}/healthz${metricsNote(metricsServer)}`,
      port: health.address.port,
      resources,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Only with METRICS_PORT: several replicas on one machine would want the same default port. */
async function startMetrics(
  metrics: ReturnType<typeof createMetrics>,
  { http, telemetry }: Config,
): Promise<Listener | undefined> {
  const { metricsPort } = telemetry;
  if (metricsPort === undefined) return undefined;
  return serveMetrics(metrics, { host: await listenHost(http.host), port: metricsPort });
}

function metricsNote(server: Listener | undefined): string {
  return server ? `, metrics http://${shown(server.address)}/metrics` : '';
}

/** Answers health probes and nothing else: browsers signal with `web` alone. */
async function serveHealth(http: Config['http'], isReady: () => boolean): Promise<Listener> {
  const host = await listenHost(http.host);
  const probes: Record<string, () => boolean> = { '/healthz': () => true, '/readyz': isReady };
  return listenOn(
    (request, response) => {
      const path = pathOf(request);
      const probe = path !== undefined && Object.hasOwn(probes, path) && probes[path];
      const [status, text] = !probe
        ? [404, 'Only health probes are answered here.']
        : probe()
          ? [200, 'ok']
          : [503, 'not ready'];
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
    },
    { host, port: http.port },
  );
}

function shown({ address, port, family }: AddressInfo): string {
  if (address === '::' || address === '0.0.0.0') return `localhost:${port}`;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
