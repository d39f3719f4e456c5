// Files and films: played, downloaded, and shared by a link.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { FileName, type ShareLink } from '../../../shared/recording/recording.ts';
import { LinkOrder, type MediaTicket, TicketOrder } from '../../../shared/recording/requests.ts';
import type { IndexEntry } from '../../recording/catalog/entry.ts';
import { manifestKey } from '../../recording/catalog/keys.ts';
import { statusOf } from '../routes.ts';
import { manifestFileName } from './file-names.ts';
import { noSuchRecording } from './library.ts';
import { BODY, idOf, type RecordingRoutes } from './route-parts.ts';

const NameParams = v.object({ name: FileName });
const MediaQuery = v.object({
  ticket: v.exactOptional(v.pipe(v.string(), v.maxLength(2_048))),
  /** Save it, do not show it. */
  download: v.exactOptional(v.string()),
});
const SharedParams = v.object({ '*': v.string() });
const READS: ('GET' | 'HEAD')[] = ['GET', 'HEAD'];

const WRONG_TICKET = 'This address is not valid. Open the recording again.';
const OLD_TICKET = 'This address has ended. Open the recording again.';
const WRONG_LINK = 'This link is not valid. Ask for a new one.';
const DELETED = 'What this link was for has been deleted.';

export function registerMedia(app: FastifyInstance, routes: RecordingRoutes): void {
  const { catalog, config, gate, library, sender, tokens } = routes;

  for (const kind of ['files', 'films'] as const) {
    app.route({
      method: READS,
      url: `/api/recordings/:id/${kind}/:name`,
      handler: async (request, reply) => {
        const { name } = parse(NameParams, request.params);
        const { ticket, download } = parse(MediaQuery, request.query);
        const entry = await entryFor(request, reply, name, ticket);
        const object = await library.object(entry, name, kind);
        return sender.send(request, reply, { ...object, download: download !== undefined });
      },
    });
  }

  app.route({
    method: READS,
    url: '/api/recordings/:id/manifest',
    handler: async (request, reply) => {
      const visitor = await gate.visitor(request, reply);
      const { entry } = await library.find(visitor, idOf(request));
      return sender.send(request, reply, {
        key: manifestKey(entry.folder),
        type: 'application/x-ndjson',
        fileName: manifestFileName(entry),
        download: true,
      });
    },
  });

  app.post('/api/recordings/:id/tickets', BODY, async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { entry } = await library.find(visitor, idOf(request));
    const { name, kind: use } = parse(TicketOrder, request.body);
    await library.object(entry, name);
    const kind = entry.files.some((file) => file.name === name) ? 'files' : 'films';
    const { room, id } = entry;
    const { token: ticket, expiresAt } = await tokens.mintTicket({ room, id, name });
    const save = use === 'file' ? '&download=1' : '';
    const url = `/api/recordings/${id}/${kind}/${name}?ticket=${ticket}${save}`;
    return reply.code(201).send({ url, ticket, expiresAt } satisfies MediaTicket);
  });

  app.post('/api/recordings/:id/links', BODY, async (request, reply) => {
    const visitor = await gate.visitor(request, reply);
    const { entry } = await library.find(visitor, idOf(request));
    const { name, expiresIn = config.linkTtlSeconds } = parse(LinkOrder, request.body);
    await library.object(entry, name);
    const { room, id } = entry;
    const { token, expiresAt } = await tokens.mintLink({ room, id, name }, expiresIn);
    const url = `${request.protocol}://${request.host}/api/shared/${token}`;
    return reply.code(201).send({ url, expiresAt } satisfies ShareLink);
  });

  app.route({
    method: READS,
    // Not a parameter: tokens are longer than those may be.
    url: '/api/shared/*',
    handler: async (request, reply) => {
      try {
        reply.header('x-robots-tag', 'noindex');
        const { download } = parse(MediaQuery, request.query);
        const object = await sharedObject(request);
        return await sender.send(request, reply, { ...object, download: download !== undefined });
      } catch (error) {
        const isPage = /\btext\/html\b/i.test(request.headers.accept ?? '');
        if (!(error instanceof ParleyError) || !isPage) throw error;
        return sendSentence(error, reply);
      }
    },
  });

  /** The recording of a request that shows a ticket, or a bearer token. */
  async function entryFor(
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    ticket: string | undefined,
  ): Promise<IndexEntry> {
    const id = idOf(request);
    if (ticket === undefined) {
      const visitor = await gate.visitor(request, reply);
      return (await library.find(visitor, id)).entry;
    }
    const ticketed = await tokens.readTicket(ticket).catch((error: unknown) => {
      throw refused(error, request, {
        invalid: new ParleyError('token_invalid', { message: WRONG_TICKET }),
        expired: new ParleyError('token_expired', { message: OLD_TICKET }),
      });
    });
    const isOfThis = ticketed.id === id && ticketed.name === name;
    const entry = isOfThis ? await catalog.get(id, ticketed.room) : undefined;
    if (!entry) throw noSuchRecording();
    return entry;
  }

  /** What a link is for. @throws ParleyError `link_expired`, `not_found`, `rate_limited` */
  async function sharedObject(request: FastifyRequest) {
    const { '*': token } = parse(SharedParams, request.params);
    const { id, room, name } = await tokens.readLink(token).catch((error: unknown) => {
      throw refused(error, request, {
        invalid: new ParleyError('not_found', { message: WRONG_LINK }),
        expired: new ParleyError('link_expired'),
      });
    });
    const entry = await catalog.get(id, room);
    if (!entry) throw new ParleyError('not_found', { message: DELETED });
    return library.object(entry, name);
  }

  /** @throws ParleyError `rate_limited` when too many wrong tokens came from this address */
  function refused(
    error: unknown,
    request: FastifyRequest,
    { invalid, expired }: { invalid: ParleyError; expired: ParleyError },
  ): unknown {
    if (!(error instanceof ParleyError)) return error;
    if (error.code === 'token_expired') return expired;
    if (error.code !== 'token_invalid') return error;
    gate.wrongToken(request);
    return invalid;
  }
}

/** The error as a page: links are opened in browsers. */
function sendSentence(error: ParleyError, reply: FastifyReply): FastifyReply {
  const sentence = error.message.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return reply
    .code(statusOf(error))
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="en"><title>Parley</title><h1>${sentence}</h1><p><a href="/">Home</a></p></html>`,
    );
}
