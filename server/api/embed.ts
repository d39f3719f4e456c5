// Calls in frames of other pages: the address that may be framed, by whom, and the script that makes the frame.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { EmbedOrigins } from '../../shared/api/embed.ts';
import { contentSecurityPolicy } from './security-headers.ts';

/** Pages of other origins get a new release of the script after an hour, and ask only once in that time. */
const SCRIPT_MAX_AGE_S = 3_600;
/** What the build leaves beside the script, in the order in which it is preferred. */
const ENCODINGS = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;

export interface EmbedRoutesOptions {
  /** Where the built client is. */
  clientDir: string;
  /** Origins whose pages may show calls, beside our own. */
  origins: readonly string[];
}

export function registerEmbed(app: FastifyInstance, options: EmbedRoutesOptions): void {
  const { clientDir, origins } = options;

  // Other pages stay unframed: nobody should be led to click on what is there.
  const framed = {
    contentSecurityPolicy: contentSecurityPolicy(origins),
    // It cannot name an origin. Browsers that know the policy ignore it, and all those that can make calls do.
    xFrameOptions: false,
  } as const;
  app.get('/embed/:room', { helmet: framed }, (_, reply) => reply.sendFile('index.html'));

  // The policy of the page above names the same origins.
  app.get('/api/embed', async (_, reply): Promise<EmbedOrigins> => {
    reply.header('cache-control', 'no-store');
    return { origins: [...origins] };
  });

  const script = readScript(join(clientDir, 'embed.js'));
  if (!script) return;
  app.get('/embed.js', (request, reply) => {
    reply
      .header('content-type', 'text/javascript; charset=utf-8')
      .header('cache-control', `public, max-age=${SCRIPT_MAX_AGE_S}`)
      .header('etag', script.etag)
      .header('vary', 'accept-encoding')
      // A module script of another origin needs both.
      .header('access-control-allow-origin', '*')
      .header('cross-origin-resource-policy', 'cross-origin');
    if (request.headers['if-none-match']?.includes(script.etag)) return reply.code(304).send();
    const accepted = request.headers['accept-encoding'] ?? '';
    const encoding = ENCODINGS.find(({ name }) => new RegExp(`\\b${name}\\b`).test(accepted));
    const body = encoding && script.encoded[encoding.name];
    if (!encoding || !body) return reply.send(script.plain);
    return reply.header('content-encoding', encoding.name).send(body);
  });
}

interface Script {
  plain: Buffer;
  encoded: Partial<Record<(typeof ENCODINGS)[number]['name'], Buffer>>;
  /** Made of the content: the same on every replica, and after every restart. */
  etag: string;
}

/** Undefined: this page was built without it, as those of tests. */
function readScript(path: string): Script | undefined {
  if (!existsSync(path)) return undefined;
  const plain = readFileSync(path);
  const encoded: Script['encoded'] = {};
  for (const { name, ending } of ENCODINGS) {
    if (existsSync(path + ending)) encoded[name] = readFileSync(path + ending);
  }
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  // Weak: it is the same for each encoding.
  return { plain, encoded, etag: `W/"${hash}"` };
}
