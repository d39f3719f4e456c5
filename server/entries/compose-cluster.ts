// Puts `web` and `sfu-rtc` together, each a process of its own; apart from config and signals.
import type { AddressInfo } from 'node:net';
import { SfuNode } from '../sfu/node.ts';
import { buildWeb } from '../signaling/app.ts';
import { listenHost } from '../telemetry/listen-host.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { serveHealth, shown } from '../telemetry/probes.ts';
import { Resources } from '../telemetry/resources.ts';
import { describeTurn, turnUrls } from '../turn/pool/environment.ts';
import {
  Closers,
  mediaNodeOf,
  metricsNote,
  type Replica,
  type ReplicaOptions,
  startMetrics,
} from './compose-parts.ts';
import { recordingLibrary, recordingOfNode } from './compose-recording.ts';

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
      ...recordingOfNode({ config, cluster, resources, metrics, log }, closers),
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
