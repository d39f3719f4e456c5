// The HTTP API: room tokens, health, readiness.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { ParleyError } from '../../shared/errors.ts';
import { errorBody, parse } from '../../shared/protocol/rpc.ts';
import { DisplayName, Role, RoomName } from '../../shared/room/room.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Authorize, bearerOf, type Guesses } from './authorize.ts';
import type { RoomTokens } from './tokens.ts';
import { registerTurnApi, type TurnApiOptions } from './turn-routes.ts';

export interface ApiOptions {
  cluster: Cluster;
  /** @throws ParleyError `no_capacity` when there is no such node */
  drainNode(id: string): Promise<unknown>;
  turn: Pick<TurnApiOptions, 'maxServers' | 'ttlSeconds'>;
  tokens: RoomTokens | undefined;
  tokenTtlSeconds: number;
  /** The wrong bearer tokens of the address that a request comes from. */
  guessesOf(request: FastifyRequest): Guesses;
  /** @returns why joins would not work now, or undefined when they would */
  notReady(): Promise<string | undefined>;
}

/** A year: a link that is older is forgotten, and would still open. */
const MAX_TOKEN_TTL_SECONDS = 31_536_000;
const MIN_TOKEN_TTL_SECONDS = 1;
/** The three fields of a token request; anything larger is a mistake. */
const TOKEN_REQUEST_BYTES = 4_096;

const TokenRequest = v.nullish(
  v.object({
    name: v.exactOptional(DisplayName),
    role: v.exactOptional(Role),
    /** Seconds. */
    expiresIn: v.exactOptional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(MIN_TOKEN_TTL_SECONDS),
        v.maxValue(MAX_TOKEN_TTL_SECONDS),
      ),
    ),
  }),
  {},
);
const RoomParams = v.object({ room: RoomName });
const NodeParams = v.object({ id: v.pipe(v.string(), v.maxLength(64)) });

const STATUS: Partial<Record<ParleyError['code'], number>> = {
  bad_message: 400,
  invalid_room: 400,
  invalid_name: 400,
  unauthorized: 401,
  token_required: 401,
  token_invalid: 401,
  token_expired: 401,
  token_wrong_room: 403,
  origin_denied: 403,
  forbidden: 403,
  not_found: 404,
  recording_off: 404,
  already_recording: 409,
  not_recording: 409,
  still_recording: 409,
  link_expired: 410,
  message_too_large: 413,
  rate_limited: 429,
  too_many_from_address: 429,
  upgrade_required: 426,
  proxy_without_upgrade: 426,
  no_capacity: 503,
  unavailable: 503,
  shutting_down: 503,
  timeout: 504,
  recordings_full: 507,
};

export function registerApi(app: FastifyInstance, options: ApiOptions): void {
  const { tokens } = options;

  /**
   * @param isKey whether it is an API key: those are random and cannot be guessed
   * @throws ParleyError `unauthorized`, `rate_limited`
   */
  function assertBearer(
    request: FastifyRequest,
    reply: FastifyReply,
    isKey: (presented: string) => boolean = () => false,
  ): void {
    const bearer = bearerOf(request);
    if (bearer && isKey(bearer)) return;
    const guesses = options.guessesOf(request);
    // An AUTH_TOKEN may be short: after too many wrong ones it is not even compared.
    guesses.assertMayGuess();
    if (bearer && tokens?.isAuthToken(bearer)) return;
    guesses.guessedWrong();
    reply.header('www-authenticate', 'Bearer');
    throw new ParleyError('unauthorized');
  }

  app.post(
    '/api/rooms/:room/tokens',
    { bodyLimit: TOKEN_REQUEST_BYTES },
    async (request, reply) => {
      const { tokenTtlSeconds } = options;
      if (!tokens) {
        throw new ParleyError('not_found', {
          message: 'AUTH_TOKEN is not set on this server: rooms are open and need no tokens.',
        });
      }
      assertBearer(request, reply, (text) => tokens.isApiKey(text));
      const { room } = parse(RoomParams, request.params);
      const {
        name,
        role = 'guest',
        expiresIn = tokenTtlSeconds,
      } = parse(TokenRequest, request.body) ?? {};
      const grant = { room, role, ...(name !== undefined && { name }) };
      const { token, expiresAt } = await tokens.mint(grant, expiresIn);
      // In the fragment, which browsers never send, so that it reaches no log on the way.
      const url = `${request.protocol}://${request.host}/r/${room}#token=${token}`;
      return reply.code(201).send({ token, url, expiresAt });
    },
  );

  /** Without AUTH_TOKEN, a server has no operators. */
  const noOperators =
    'AUTH_TOKEN is not set on this server, so nobody can show to be its operator. Set it, and restart.';

  const authorize: Authorize = (request, reply) => {
    if (!tokens?.hasOperator) throw new ParleyError('not_found', { message: noOperators });
    assertBearer(request, reply);
  };

  registerTurnApi(app, { store: options.cluster.turn, authorize, ...options.turn });

  app.get('/api/nodes', async (request, reply) => {
    authorize(request, reply);
    return { nodes: await options.cluster.nodes.list() };
  });

  app.post('/api/nodes/:id/drain', async (request, reply) => {
    authorize(request, reply);
    const { id } = parse(NodeParams, request.params);
    const nodes = await options.cluster.nodes.list();
    if (!nodes.some((node) => node.id === id)) {
      throw new ParleyError('not_found', { message: 'There is no media server with this id.' });
    }
    await options.drainNode(id);
    return reply.code(202).send({ status: 'draining' });
  });

  app.get('/healthz', { logLevel: 'warn' }, async () => ({ status: 'ok' }));

  app.get('/readyz', { logLevel: 'warn' }, async (_, reply) => {
    const reason = await options.notReady();
    if (reason === undefined) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', reason });
  });
}

/** Every error as `{error: {code, message}}`. Unexpected ones are logged and become `internal`. */
export function sendError(error: ParleyError, reply: FastifyReply): FastifyReply {
  const { retryAfterMs } = error;
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  return reply.code(statusOf(error)).send({ error: errorBody(error) });
}

export function statusOf({ code }: ParleyError): number {
  return STATUS[code] ?? 500;
}
