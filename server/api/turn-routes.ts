// The operator's part of the HTTP API: the TURN pool, read and changed while calls go on.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import type { TurnServerAdded, TurnServerDraining } from '../../shared/api/admin.ts';
import { ParleyError } from '../../shared/errors.ts';
import { parse } from '../../shared/protocol/rpc.ts';
import { type TurnServer, TurnServerId, type TurnStore } from '../cluster/turn.ts';
import { TurnConfigError, TurnServerEntry, turnServerOf } from '../turn/pool/environment.ts';
import { overviewOf } from '../turn/pool/overview.ts';
import type { Authorize } from './authorize.ts';

export interface TurnApiOptions {
  store: TurnStore;
  authorize: Authorize;
  maxServers: number;
  /** Lifetime of minted credentials, unless the server has its own. */
  ttlSeconds: number;
}

/** A server with eight addresses, all as long as they may be, is half of it. */
const ENTRY_BYTES = 8_192;

const ServerParams = v.object({ id: TurnServerId });
const DrainRequest = v.nullish(v.strictObject({ move: v.exactOptional(v.boolean()) }), {});

export function registerTurnApi(app: FastifyInstance, options: TurnApiOptions): void {
  const { store, authorize, maxServers, ttlSeconds } = options;

  app.get('/api/turn', async (request, reply) => {
    authorize(request, reply);
    const [read, reports, history] = await Promise.all([
      store.read(undefined),
      store.reports(),
      store.samples(),
    ]);
    return overviewOf(read?.servers ?? [], reports, history);
  });

  app.post('/api/turn', { bodyLimit: ENTRY_BYTES }, async (request, reply) => {
    authorize(request, reply);
    const entry = parse(TurnServerEntry, request.body);
    const server = serverOf(entry, ttlSeconds);
    const before = (await store.read(undefined))?.servers.find(({ id }) => id === server.id);
    await store.put(server, maxServers);
    const answer: TurnServerAdded = {
      id: server.id,
      replaced: before !== undefined,
      draining: before?.draining ?? null,
    };
    return reply.code(before ? 200 : 201).send(answer);
  });

  app.delete('/api/turn/:id', async (request, reply) => {
    authorize(request, reply);
    const { id } = parse(ServerParams, request.params);
    const known = (await store.read(undefined))?.servers.find((server) => server.id === id);
    if (known?.origin === 'environment') {
      throw new ParleyError('forbidden', {
        message: `${id} is in the configuration of a running process, which would bring it back. Drain it, or take it out of that configuration (TURN_*).`,
      });
    }
    if (!(await store.remove(id))) throw noSuchServer(id);
    return reply.code(204).send();
  });

  app.post('/api/turn/:id/drain', { bodyLimit: ENTRY_BYTES }, async (request, reply) => {
    authorize(request, reply);
    const { id } = parse(ServerParams, request.params);
    const { move = false } = parse(DrainRequest, request.body) ?? {};
    if (!(await store.setDraining(id, move ? 'move' : 'wait'))) throw noSuchServer(id);
    return { id, draining: move ? 'move' : 'wait' } satisfies TurnServerDraining;
  });

  app.post('/api/turn/:id/resume', async (request, reply) => {
    authorize(request, reply);
    const { id } = parse(ServerParams, request.params);
    if (!(await store.setDraining(id, null))) throw noSuchServer(id);
    return { id, draining: null } satisfies TurnServerDraining;
  });
}

/** @throws ParleyError `bad_message` */
function serverOf(entry: TurnServerEntry, ttlSeconds: number): TurnServer {
  try {
    return turnServerOf(entry, 'operator', ttlSeconds);
  } catch (cause) {
    if (!(cause instanceof TurnConfigError)) throw cause;
    throw new ParleyError('bad_message', { message: cause.message, cause });
  }
}

function noSuchServer(id: string): ParleyError {
  return new ParleyError('not_found', { message: `There is no TURN server called ${id}.` });
}
