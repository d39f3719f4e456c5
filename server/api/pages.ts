// The pages: files of the built client, and an error for every other address, as a page or as JSON.
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ParleyError } from '../../shared/errors.ts';
import { pagePath } from '../../shared/protocol/page-path.ts';
import { registerEmbed } from './embed.ts';
import { sendError, statusOf } from './routes.ts';

/** Hashed names: the content behind a name never changes. */
const ASSET_MAX_AGE_S = 31_536_000;
const NO_CACHE = 'no-cache';
/** No file and no room has a longer path: longer ones are not looked for. */
const MAX_PATH = 1_024;

/** The route that a request's address means. An address that means none stays as it is. */
export function routedUrl({ url = '/', method }: Pick<IncomingMessage, 'url' | 'method'>): string {
  const [path = '', query] = url.split(/(?=\?)/s);
  // The router would refuse it before any header is set. A page that is not found has them all.
  if (!isDecodable(path)) return '/broken-address';
  if (path.length > MAX_PATH) return '/too-long-address';
  const page = method === 'GET' || method === 'HEAD' ? pagePath(path) : undefined;
  // Two slashes at the beginning would be read as the name of another host.
  return `${page ?? path.replace(/\/{2,}/g, '/')}${query ?? ''}`;
}

export async function registerPages(
  app: FastifyInstance,
  {
    clientDir,
    embedOrigins = [],
  }: { clientDir: string; embedOrigins?: readonly string[] | undefined },
): Promise<void> {
  const assets = join(clientDir, 'assets');
  await app.register(fastifyStatic, {
    root: clientDir,
    index: false,
    cacheControl: false,
    // The build leaves .br and .gz beside each asset.
    preCompressed: true,
    setHeaders: (reply, path) => {
      const isAsset = path.startsWith(assets);
      reply.header(
        'cache-control',
        isAsset ? `public, max-age=${ASSET_MAX_AGE_S}, immutable` : NO_CACHE,
      );
    },
  });
  if (!existsSync(join(clientDir, 'index.html'))) {
    throw new Error(`The client is not built in ${clientDir}: run "npm run build".`);
  }
  for (const path of ['/', '/admin', '/check', '/r/:room', '/recordings', '/recordings/:room']) {
    app.get(path, (_, reply) => reply.sendFile('index.html'));
  }
  registerEmbed(app, { clientDir, origins: embedOrigins });
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.originalUrl.split('?');
    const error = isDecodable(path)
      ? new ParleyError('not_found')
      : new ParleyError('bad_message', { message: 'This address has a percent sign too many.' });
    return answerError(error, request, reply);
  });
}

/** For browsers the page, which shows what is wrong with the address and leads home; else JSON. */
export function answerError(
  error: ParleyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!wantsPage(request)) return sendError(error, reply);
  return reply.code(statusOf(error)).sendFile('index.html');
}

/** A browser that opens an address names HTML first; scripts and programs do not. */
function wantsPage({ method, headers, originalUrl }: FastifyRequest): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  const isApi = /^\/+api\//i.test(originalUrl);
  return reads && !isApi && /\btext\/html\b/i.test(headers.accept ?? '');
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
