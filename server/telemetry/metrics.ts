// The Prometheus metrics of one process, and the listener that serves them.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Listener, listen, pathOf } from './listener.ts';
import { RESOURCE_KINDS, type Resources } from './resources.ts';

/** Seconds; from a command inside one process to the limit of COMMAND_TIMEOUT_MS. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * How often the delay of the event loop is measured. Each time wakes the process; every ten milliseconds, the
 * library's default, is most of what an idle process does. The metrics of the delay include this time.
 */
const LOOP_LOOK_MS = 50;

/** Seconds; from a job that has nothing to do to the film of a long call. */
const JOB_BUCKETS = [0.1, 1, 5, 15, 60, 300, 900, 3_600, 10_800];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(resources: Resources) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_LOOK_MS });
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
    turn: createTurnMetrics(registers),
    sessionPaths: new Gauge({
      name: 'parley_session_paths',
      help: 'Media sessions by how their packets travel, as their clients say: direct, relay, none (these people see black) or unknown.',
      labelNames: ['kind', 'protocol'],
      registers,
    }),
    iceStates: new Counter({
      name: 'parley_ice_state_total',
      help: 'ICE states that transports entered. Many `disconnected` for few `connected` is trouble.',
      labelNames: ['direction', 'state'],
      registers,
    }),
    dtlsStates: new Counter({
      name: 'parley_dtls_state_total',
      help: 'DTLS states that transports entered. `closed` follows when a client leaves; `failed` is trouble.',
      labelNames: ['direction', 'state'],
      registers,
    }),
    selectedProtocols: new Counter({
      name: 'parley_ice_selected_total',
      help: 'Transports by the protocol of the path that ICE selected.',
      labelNames: ['protocol'],
      registers,
    }),
    recording: createRecordingMetrics(registers),
    jobs: new Gauge({
      name: 'parley_jobs',
      help: 'Jobs of the whole cluster by kind and state, as this process read them last: waiting, running, and those that ended and are kept.',
      labelNames: ['kind', 'state'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'parley_job_seconds',
      help: 'Time of one attempt at a job, by what came of it: done, failed (for good), again, waits, cancelled, returned (this process ended), lost, stuck.',
      labelNames: ['kind', 'outcome'],
      buckets: JOB_BUCKETS,
      registers,
    }),
  };
}

/** What this node and the recorder beside it count. */
function createRecordingMetrics(registers: Registry[]) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  return {
    rooms: gauge('parley_recorded_rooms', 'Rooms that this node records.'),
    tracks: gauge('parley_recorded_tracks', 'Tracks that are recorded at the moment.'),
    waitingBytes: gauge(
      'parley_recording_waiting_bytes',
      'Bytes that were recorded and are on this machine alone, as the object store did not take them yet.',
    ),
    waitingSeconds: gauge(
      'parley_recording_waiting_seconds',
      'How long the oldest of them wait. Above RECORD_UPLOAD_SECONDS and ten the store is away, or too slow.',
    ),
    losing: gauge(
      'parley_recording_losing',
      '1 while nothing is kept of what should be recorded: the disk or the quota is full, or nothing can be written.',
    ),
    bytes: new Counter({
      name: 'parley_recorded_bytes_total',
      help: 'Bytes of tracks written.',
      registers,
    }),
    lostPackets: new Counter({
      name: 'parley_recording_lost_packets_total',
      help: 'Packets of recorded tracks that never came.',
      registers,
    }),
    deaths: new Counter({
      name: 'parley_recorder_deaths_total',
      help: 'Recorders that ended unasked. Another one went on.',
      registers,
    }),
  };
}

/** Figures of each TURN server; `allocations`, `capacity` and `bitrate` are of the whole server. */
function createTurnMetrics(registers: Registry[]) {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers });
  const server = ['server'] as const;
  const address = ['server', 'url'] as const;
  return {
    up: gauge(
      'parley_turn_url_up',
      'Whether this node reaches the address (1) or not (0).',
      address,
    ),
    probe: gauge(
      'parley_turn_probe_seconds',
      'Round trip of the last packet through the relay and back.',
      address,
    ),
    draining: gauge('parley_turn_draining', 'Whether it is drained (1) or not (0).', server),
    sessions: gauge('parley_turn_sessions', 'Sessions that hold its credentials.', server),
    relayed: gauge('parley_turn_relayed_sessions', 'Sessions whose path it relays.', server),
    explained: gauge(
      'parley_turn_allocations_explained',
      'Allocations that the sessions of this node can hold there at most.',
      server,
    ),
    allocations: gauge('parley_turn_allocations', 'Allocations, as it counts them itself.', server),
    capacity: gauge('parley_turn_capacity', 'Allocations that it takes at most.', server),
    bitrate: gauge('parley_turn_bitrate', 'Bits per second, in and out, as it counts.', server),
    credentials: new Counter({
      name: 'parley_turn_credentials_total',
      help: 'Credentials handed out.',
      labelNames: server,
      registers,
    }),
    refusals: new Counter({
      name: 'parley_turn_refusals_total',
      help: 'Times it refused a probe or a client, by STUN error code; 701: it did not answer.',
      labelNames: ['server', 'code'],
      registers,
    }),
  };
}

/**
 * Serves `GET /metrics` and nothing else.
 *
 * @throws the listen error (`EADDRINUSE`, …)
 */
export function serveMetrics(
  metrics: Metrics,
  where: { host: string; port: number },
): Promise<Listener> {
  return listen(async (request, response) => {
    if (request.method !== 'GET' || pathOf(request) !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here.\n');
      return;
    }
    const body = await metrics.registry.metrics();
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(body);
  }, where);
}
