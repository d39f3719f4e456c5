// Sends an object of the store, or a part of it, as fast as the client reads and never faster.
import { createHash } from 'node:crypto';
import { finished, type Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ParleyError } from '../../../shared/errors.ts';
import type { RecordStore } from '../../recording/stores/store.ts';
import { disposition } from './file-names.ts';
import { httpDate, partOf } from './ranges.ts';

export interface SentObject {
  key: string;
  /** MIME type. */
  type: string;
  /** What it is called when it is saved. */
  fileName: string;
  /** To be saved, not shown. */
  download: boolean;
}

export interface ObjectSenderOptions {
  store: RecordStore;
  /** Most objects that are sent at once. */
  atOnce?: number;
  /** A client that takes nothing for this long is let go: it can ask for the rest. */
  stalledMs?: number;
}

/** Each holds a socket, a connection of the store and a buffer of 64 kB. */
const AT_ONCE = 500;
/** A player that is paused for longer asks again. */
const STALLED_MS = 300_000;

export class ObjectSender {
  readonly #store: RecordStore;
  readonly #atOnce: number;
  readonly #stalledMs: number;
  #open = 0;

  constructor({ store, atOnce = AT_ONCE, stalledMs = STALLED_MS }: ObjectSenderOptions) {
    this.#store = store;
    this.#atOnce = atOnce;
    this.#stalledMs = stalledMs;
  }

  /** Objects that are being sent now. */
  get open(): number {
    return this.#open;
  }

  /** @throws ParleyError `not_found`, `no_capacity`; StoreError */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    { key, type, fileName, download }: SentObject,
  ): Promise<FastifyReply> {
    const stored = await this.#store.stat(key);
    if (!stored) throw new ParleyError('not_found');
    const { bytes, modifiedAt } = stored;
    const etag = etagOf(key, bytes, modifiedAt);
    const part = partOf(request.method, request.headers, { bytes, modifiedAt, etag });
    reply
      .header('accept-ranges', 'bytes')
      .header('etag', etag)
      .header('last-modified', httpDate(modifiedAt))
      // Kept by nobody in between, and asked for again each time: it may have been deleted.
      .header('cache-control', 'private, no-cache');
    if (part.status === 416) reply.header('content-range', `bytes */${bytes}`);
    if (part.status !== 200 && part.status !== 206) return reply.code(part.status).send();

    const isPart = part.status === 206;
    reply
      .code(part.status)
      .type(type)
      .header('content-disposition', disposition(download ? 'attachment' : 'inline', fileName))
      .header('content-length', isPart ? part.last - part.first + 1 : bytes);
    if (isPart) reply.header('content-range', `bytes ${part.first}-${part.last}/${bytes}`);
    if (request.method === 'HEAD') return reply.send();
    return this.#stream(reply, key, isPart ? { first: part.first, last: part.last } : undefined);
  }

  async #stream(
    reply: FastifyReply,
    key: string,
    range: { first: number; last: number } | undefined,
  ): Promise<FastifyReply> {
    if (this.#open >= this.#atOnce) {
      throw withoutBody(reply, new ParleyError('no_capacity', { message: TOO_MANY }));
    }
    this.#open += 1;
    const stream = await this.#begun(key, range).catch((error: unknown) => {
      throw withoutBody(reply, error);
    });
    // An answer that was begun can only be cut off: its client sees that it is not whole.
    stream.once('error', () => reply.raw.destroy());
    // The client may have gone while the store was asked.
    if (reply.raw.destroyed) stream.destroy();
    reply.raw.setTimeout(this.#stalledMs);
    return reply.send(stream);
  }

  /** The object's stream, once it has bytes. @throws StoreError */
  async #begun(key: string, range: { first: number; last: number } | undefined): Promise<Readable> {
    const done = () => {
      this.#open -= 1;
    };
    const stream = await this.#store.read(key, range).catch((error: unknown) => {
      done();
      throw error;
    });
    if (stream.closed) done();
    else stream.once('close', done);
    await hasBegun(stream);
    return stream;
  }
}

/** Resolves with the first bytes, or the end of an empty object. Rejects when there will be none. */
function hasBegun(stream: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.once('readable', resolve);
  const forget = finished(stream, { writable: false }, (error) =>
    error ? reject(error) : resolve(),
  );
  return promise.finally(() => {
    forget();
    stream.off('readable', resolve);
  });
}

const TOO_MANY = 'Too many recordings are being watched at the moment. Try again in a minute.';

/** The headers of an answer that was to have a body: an error has others. */
function withoutBody<E>(reply: FastifyReply, error: E): E {
  for (const header of ['content-length', 'content-range', 'content-disposition', 'etag']) {
    reply.removeHeader(header);
  }
  reply.removeHeader('content-type').removeHeader('last-modified').removeHeader('accept-ranges');
  return error;
}

function etagOf(...what: readonly (string | number)[]): string {
  return `"${createHash('sha256').update(what.join('\n')).digest('base64url').slice(0, 22)}"`;
}
