// The web server, apart from listening: pages, API, security headers and the signalling socket.
import helmet from '@fastify/helmet';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { ParleyError } from '../../shared/errors.ts';
import { SIGNALING_PATH, SUBPROTOCOL } from '../../shared/protocol/protocol.ts';
import { TEXT_LIMITS } from '../../shared/protocol/text-limits.ts';
import { answerError, registerPages, routedUrl } from '../api/pages.ts';
import { RecordingTokens } from '../api/recordings/recording-tokens.ts';
import type { RecordingParts } from '../api/recordings/route-parts.ts';
import { registerRecordingOff, registerRecordings } from '../api/recordings/routes.ts';
import { registerApi, sendError } from '../api/routes.ts';
import { PERMISSIONS_POLICY, securityHeaders } from '../api/security-headers.ts';
import { RoomTokens } from '../api/tokens.ts';
import { answerUnreadable } from '../api/unreadable.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { RECORDINGS_TOPIC } from '../cluster/messages/recording.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources } from '../telemetry/resources.ts';
import { MediaClient } from './media/media-client.ts';
import { MediaEvents } from './media/media-events.ts';
import { NodeWatch } from './media/node-watch.ts';
import { CallRecordings } from './recording/call-recordings.ts';
import { RoomHub } from './roster/room-hub.ts';
import { sessionLeaseMs } from './session/lease.ts';
import { Sessions } from './session/sessions.ts';
import { Addresses } from './socket/addresses.ts';
import { Compression } from './socket/compression.ts';
import { Handshakes } from './socket/handshakes.ts';
import { isAllowedOrigin } from './socket/origin.ts';
import { UpgradeWatch } from './socket/upgrade-watch.ts';

export interface WebOptions {
  config: Config;
  cluster: Cluster;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
  /** Where the built client is. */
  clientDir: string;
  /** Undefined where calls are not recorded. */
  recordings?: RecordingParts | undefined;
  /** PEM; plain HTTP without it. */
  tls?: { key: string; cert: string };
}

/** A message this much larger than the limit is not even read to its end. */
const HARD_LIMIT_FACTOR = 4;
/** The largest body that any route reads is 8 kB: what is larger is not read to its end. */
const BODY_BYTES = 16_384;
/** How often connections are checked for requests that take too long. */
const CHECK_EVERY_MS = 1_000;

/** The web server, and how its clients leave it. */
export interface Web {
  readonly app: FastifyInstance;
  /**
   * Not ready from now on. Sends the clients to other replicas, a few at a time, so that those are not overrun.
   * Resolves when all sockets are closed, or after `withinMs`.
   */
  drain(withinMs: number): Promise<void>;
}

export async function buildWeb(options: WebOptions): Promise<Web> {
  const { config, cluster, resources, metrics, log, clientDir, recordings, tls } = options;
  const { requestTimeoutMs: requestTimeout, trustProxy: hops } = config.http;
  const patience = {
    headersTimeout: requestTimeout,
    requestTimeout,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, requestTimeout),
  };
  const app = Fastify({
    loggerInstance: log.child({ part: 'web' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: hops > 0 && ((_: string, hop: number) => hop < hops),
    forceCloseConnections: true,
    // A room's name, each of whose letters may be nine characters in an address. It is longer than the
    // id of a TURN server, 128 letters of three.
    routerOptions: { maxParamLength: 9 * TEXT_LIMITS.roomNameLength },
    rewriteUrl: routedUrl,
    // What the router itself refuses never reaches a route.
    frameworkErrors: (cause, _, reply) => void sendError(fromHttpError(cause), reply),
    clientErrorHandler: answerUnreadable,
    bodyLimit: BODY_BYTES,
    // Headers and body. A client that sends slower than this would keep a connection for nothing.
    requestTimeout,
    ...(tls ? { https: { ...tls, ...patience } } : { http: patience }),
  });

  const { authToken, apiKeys = [], rejoinTtlSeconds } = config.access;
  const isOpen = authToken === undefined && apiKeys.length === 0;
  const tokens = isOpen
    ? undefined
    : new RoomTokens({ authToken, apiKeys, rejoinTtlSeconds, secrets: cluster.secrets });
  const recordingTokens = new RecordingTokens({ authToken, apiKeys, secrets: cluster.secrets });
  const events = new MediaEvents({ bus: cluster.bus, resources, log });
  const media = new MediaClient({
    cluster,
    events,
    timeoutMs: config.timing.commandTimeoutMs,
    region: config.cluster.region,
    spillSessions: config.cluster.spillSessions,
    resources,
    metrics,
    log,
  });
  const hub = new RoomHub({
    rooms: cluster.rooms,
    events,
    resources,
    log,
    onRecording: (news) => {
      cluster.bus.publish(RECORDINGS_TOPIC, news).catch((err) => {
        // The nodes look by themselves now and then.
        log.debug({ err, ...news }, 'the media nodes were not told of a recording');
      });
    },
    chatHistory: config.limits.chatHistory,
    interest: config.interest,
  });
  await events.start((room) => hub.mediaListener(room));
  const callRecordings = new CallRecordings({
    settings: config.recording,
    isOpen,
    rooms: cluster.rooms,
    tokens: recordingTokens,
    log,
  });
  const sessions = new Sessions({
    cluster,
    recordings: callRecordings,
    sessionLeaseMs: sessionLeaseMs(config),
    rooms: cluster.rooms,
    hub,
    media,
    limits: config.limits,
    compression: new Compression(config.limits.compressFromBytes),
    timing: config.timing,
    drainGraceMs: config.cluster.drainGraceSeconds * 1_000,
    resources,
    metrics,
    log,
    tokens,
    region: config.cluster.region,
    spillSessions: config.cluster.spillSessions,
  });
  const watch = new NodeWatch({
    cluster,
    sessions: sessions.byNode,
    watchMs: config.cluster.nodeWatchMs,
    lostMs: config.cluster.nodeLostMs,
    drainGraceMs: config.cluster.drainGraceSeconds * 1_000,
    resources,
    metrics,
    log,
  });
  app.addHook('preClose', async () => {
    watch.close();
    await events.close();
  });

  app.setErrorHandler((cause, request, reply) => {
    const error = fromHttpError(cause);
    if (error.code === 'internal') request.log.error({ err: error }, 'an HTTP request failed');
    metrics.refused.inc({ code: error.code });
    return answerError(error, request, reply);
  });

  await app.register(helmet, securityHeaders(tls !== undefined));
  app.addHook('onSend', async (_, reply) => {
    reply.header('permissions-policy', PERMISSIONS_POLICY);
  });
  const addresses = new Addresses({
    limits: config.limits,
    trustsProxy: hops > 0,
    log,
  });
  registerApi(app, {
    cluster,
    guessesOf: (request) => addresses.of(request),
    drainNode: (id) => media.send(id, 'drain', {}),
    turn: config.turn,
    tokens,
    tokenTtlSeconds: config.access.tokenTtlSeconds,
    notReady: async () => {
      if (sessions.draining) return 'this replica is being replaced';
      if (!cluster.connected) return 'the store cannot be reached';
      const nodes = await cluster.nodes.list();
      return nodes.some(({ draining, workers }) => !draining && workers > 0)
        ? undefined
        : 'no media server takes sessions';
    },
  });
  if (recordings) {
    registerRecordings(app, {
      ...recordings,
      config: config.recording,
      tokens: recordingTokens,
      roomTokens: tokens,
      guessesOf: (request) => addresses.of(request),
      resources,
      log,
    });
  } else {
    registerRecordingOff(app);
  }
  await registerPages(app, { clientDir, embedOrigins: config.http.embedOrigins });
  await registerSignaling(app, config, { sessions, addresses, log });
  return { app, drain: (withinMs) => sessions.drain(withinMs) };
}

async function registerSignaling(
  app: FastifyInstance,
  config: Config,
  { sessions, addresses, log }: { sessions: Sessions; addresses: Addresses; log: Logger },
): Promise<void> {
  const upgrades = new UpgradeWatch(log);
  const handshakes = new Handshakes();
  await app.register(websocket, {
    // Instead of the plugin's own, which closes sockets without a `bye`.
    preClose: async () => sessions.close(),
    // The plugin's own logs every broken frame of a stranger as an error of ours, with its stack.
    errorHandler: (_, socket) => socket.terminate(),
    options: {
      maxPayload: config.limits.messageBytes * HARD_LIMIT_FACTOR,
      // Browsers would compress their pings too. An idle socket would keep twice the memory, and one that was sent
      // a large answer eight times: large frames are compressed one by one instead.
      perMessageDeflate: false,
      // A browser receives `unsupported_version` only on a socket with one of its protocols.
      handleProtocols: (offered: Set<string>) =>
        offered.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...offered][0] ?? false),
    },
  });
  app.route({
    method: 'GET',
    url: SIGNALING_PATH,
    preValidation: async (request, reply) => {
      const { headers, host } = request;
      if (!isAllowedOrigin(headers.origin, host, config.http.allowedOrigins)) {
        throw new ParleyError('origin_denied');
      }
      if (sessions.draining) throw new ParleyError('shutting_down');
      if (sessions.socketCount >= config.limits.sockets) throw new ParleyError('no_capacity');
      const address = addresses.of(request);
      address.assertSocketFree();
      address.arrive();
      handshakes.begin(request.raw, reply.raw);
    },
    // For requests without a WebSocket handshake.
    handler: async ({ headers }, reply) => {
      upgrades.plainRequest(headers);
      reply.header('upgrade', 'websocket');
      throw new ParleyError(upgrades.recent ? 'proxy_without_upgrade' : 'upgrade_required');
    },
    wsHandler: (socket, request) => {
      const address = addresses.of(request);
      handshakes.end(request.raw, socket);
      sessions.accept(socket, address);
    },
  });
}

/** Fastify's own errors, as ours. */
function fromHttpError(cause: unknown): ParleyError {
  if (cause instanceof ParleyError) return cause;
  const status = (cause as { statusCode?: number }).statusCode ?? 500;
  if (status === 413) return new ParleyError('message_too_large', { cause });
  if (status === 404) return new ParleyError('not_found', { cause });
  if (status >= 400 && status < 500) {
    return new ParleyError('bad_message', { message: (cause as Error).message, cause });
  }
  return ParleyError.from(cause);
}
