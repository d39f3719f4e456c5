// The Prometheus metrics of one process, and the listener that serves them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { RESOURCE_KINDS, type Resources } from './resources.ts';

/** Seconds; from a command inside one process to the limit of COMMAND_TIMEOUT_MS. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(resources: Resources) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'parley_resources',
    help: 'What is open in this process, by kind. Back to the idle counts when nobody is there.',
    labelNames: ['kind'],
    registers,
    collect() {
      const counts = resources.counts();
      for (const kind of RESOURCE_KINDS) this.set({ kind }, counts[kind]);
    },
  });
  return {
    registry,
    requests: new Histogram({
      name: 'parley_signaling_request_seconds',
      help: 'Time from a client’s request to its reply.',
      labelNames: ['method', 'outcome'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    refused: new Counter({
      name: 'parley_signaling_refused_total',
      help: 'Messages, handshakes and requests refused, by error code.',
      labelNames: ['code'],
      registers,
    }),
    sessions: new Counter({
      name: 'parley_sessions_total',
      help: 'Sessions by what happened to them: joined, resumed, left, expired, removed, replaced, lost, shutdown.',
      labelNames: ['event'],
      registers,
    }),
    commands: new Histogram({
      name: 'parley_media_command_seconds',
      help: 'Time from a command of signalling to the answer of the media side.',
      labelNames: ['command', 'outcome'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    workerDeaths: new Counter({
      name: 'parley_worker_deaths_total',
      help: 'mediasoup workers that ended unasked. Their rooms were rebuilt on others.',
      registers,
    }),
    mediaRebuilds: new Counter({
      name: 'parley_media_rebuilds_total',
      help: 'Media sessions rebuilt in a running call, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    turnCredentials: new Counter({
      name: 'parley_turn_credentials_total',
      help: 'TURN credentials handed out, by kind: minted or static.',
      labelNames: ['kind'],
      registers,
    }),
    iceStates: new Counter({
      name: 'parley_ice_state_total',
      help: 'ICE states that transports entered. Many `disconnected` for few `connected` is trouble.',
      labelNames: ['direction', 'state'],
      registers,
    }),
    selectedProtocols: new Counter({
      name: 'parley_ice_selected_total',
      help: 'Transports by the protocol of the path that ICE selected.',
      labelNames: ['protocol'],
      registers,
    }),
  };
}

export interface MetricsServer {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` and nothing else.
 *
 * @throws the listen error (`EADDRINUSE`, …)
 */
export async function serveMetrics(
  metrics: Metrics,
  listen: { host: string; port: number },
): Promise<MetricsServer> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here.\n');
      return;
    }
    const body = await metrics.registry.metrics();
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    address: server.address() as AddressInfo,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
