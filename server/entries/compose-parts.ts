// Shared by the compositions: what replicas have in common, and the options of a media node.

import { networkInterfaces } from 'node:os';
import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';
import {
  announcedAddresses,
  listenAddresses,
  listenInfos,
  replicaHostname,
  withReceiveBuffer,
} from '../sfu/workers/addresses.ts';
import { listenHost } from '../telemetry/listen-host.ts';
import type { Listener } from '../telemetry/listener.ts';
import type { Logger } from '../telemetry/log.ts';
import { type Metrics, serveMetrics } from '../telemetry/metrics.ts';
import { shown } from '../telemetry/probes.ts';
import type { Resources } from '../telemetry/resources.ts';
import { configuredTurn } from '../turn/pool/environment.ts';

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

/** Closes in the opposite order of opening, once: users close before what they use. */
export class Closers {
  readonly #closers: Array<() => Promise<unknown>> = [];

  add(closer: () => Promise<unknown>): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.splice(0).reverse()) {
      // What is below it is closed all the same.
      await closer().catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Only with METRICS_PORT: several replicas on one machine would want the same default port. */
export async function startMetrics(
  metrics: Metrics,
  { http, telemetry }: Config,
): Promise<Listener | undefined> {
  const { metricsPort } = telemetry;
  if (metricsPort === undefined) return undefined;
  return serveMetrics(metrics, { host: await listenHost(http.host), port: metricsPort });
}

export function metricsNote(server: Listener | undefined): string {
  return server ? `, metrics http://${shown(server.address)}/metrics` : '';
}

/**
 * A media node's addresses to listen on and to announce, and its other options.
 * @throws TurnConfigError
 */
export function mediaNodeOf(config: Config) {
  const listen = listenAddresses(config.media, networkInterfaces());
  const announced = announcedAddresses(config);
  const configured = configuredTurn(config);
  return {
    listen,
    announced,
    configured,
    options: {
      media: config.media,
      interest: config.interest,
      limits: config.limits,
      turn: { configured, settings: config.turn },
      region: config.cluster.region,
      hostname: replicaHostname(config.platform),
      announced,
      drainGraceMs: config.cluster.drainGraceSeconds * 1_000,
      orphanGraceMs: config.cluster.orphanGraceMs,
      listenInfos: (port: number) =>
        withReceiveBuffer(
          listenInfos(listen, announced, config.media.protocols, port),
          config.media.receiveBufferBytes,
        ),
    },
  };
}
