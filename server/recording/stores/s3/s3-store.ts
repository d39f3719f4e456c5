// Recordings in an S3-compatible bucket.
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Logger } from '../../../telemetry/log.ts';
import { checkKey } from '../keys.ts';
import { Slots } from '../slots.ts';
import type { ByteRange, Content, RecordStore, StoredObject } from '../store.ts';
import { StoreError } from '../store.ts';
import { fileTrouble } from '../trouble.ts';
import { plainEtag, readListing } from './answers.ts';
import { S3Client } from './client.ts';
import { Deletes } from './deletes.ts';
import { requireWhole } from './http.ts';
import { Multipart, PART_BYTES } from './multipart.ts';
import type { S3Settings } from './settings.ts';
import { Uploads } from './uploads.ts';

/** Up to here one request carries an object, from the memory. */
const ONE_REQUEST_BYTES = 16 * 1024 * 1024;
/** Large objects that are sent at once: they are 64 MiB of memory at most. */
const LARGE_AT_ONCE = 4;
/** A stream that breaks off goes on from there as often as this without a byte between. */
const READ_TRIES = 4;
/** How often the bucket is looked through for uploads that nobody finished. */
const TIDY_MS = 6 * 60 * 60 * 1_000;

type Options = { type?: string; signal?: AbortSignal };

export class S3Store implements RecordStore {
  readonly place: string;
  readonly #client: S3Client;
  readonly #uploads: Uploads;
  readonly #multipart: Multipart;
  readonly #deletes: Deletes;
  readonly #large = new Slots(LARGE_AT_ONCE);
  readonly #log: Logger;
  #tidiedAt = Number.NEGATIVE_INFINITY;
  #tidying: Promise<void> | undefined;

  /** @param now our clock, in UTC milliseconds */
  constructor(settings: S3Settings, log: Logger, now?: () => number) {
    this.#log = log;
    this.#client = new S3Client(settings, log, now);
    this.#uploads = new Uploads(this.#client);
    this.#multipart = new Multipart(this.#client, this.#uploads);
    this.#deletes = new Deletes(this.#client);
    this.place = this.#client.place;
  }

  /** How much the store's clock is ahead of ours; 0 when it is so little that it does not matter. Milliseconds. */
  get clockOffsetMs(): number {
    return this.#client.clockOffsetMs;
  }

  async *list(prefix: string, { after }: { after?: string } = {}): AsyncIterable<StoredObject> {
    const verb = `list ${prefix}`;
    let next: Record<string, string> | undefined = {};
    while (next !== undefined) {
      const query: Record<string, string> = {
        ...{ 'list-type': '2', prefix },
        ...(after !== undefined && { 'start-after': after }),
        ...next,
      };
      const { body } = await this.#client.send({ method: 'GET', query, verb });
      let page: ReturnType<typeof readListing>;
      try {
        page = readListing(body.toString('utf8'));
      } catch (cause) {
        throw this.#client.broke(cause, verb);
      }
      yield* page.items;
      next = page.next;
    }
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    try {
      const { bytes, modifiedAt } = await this.#head(key);
      return { key, bytes, modifiedAt };
    } catch (error) {
      if (error instanceof StoreError && error.code === 'missing') return undefined;
      throw error;
    }
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const { bytes, etag } = await this.#head(key);
    const first = range?.first ?? 0;
    const last = Math.min(range?.last ?? bytes - 1, bytes - 1);
    return Readable.from(this.#bytes(key, first, last, etag), { objectMode: false });
  }

  async write(key: string, content: Content, options: Options = {}): Promise<void> {
    checkKey(key);
    this.#tidy();
    if ('bytes' in content) {
      const { bytes } = content;
      await (bytes.length <= ONE_REQUEST_BYTES
        ? this.#uploads.put(key, bytes, options)
        : this.#large.run(() =>
            this.#multipart.upload(key, bytes.length, (size) => slices(bytes, size), options),
          ));
      return;
    }
    await this.#large.run(() => this.#writeFile(key, content.file, options));
  }

  async join(key: string, parts: readonly string[], options: Options = {}): Promise<void> {
    checkKey(key);
    this.#tidy();
    const sources = await Promise.all(parts.map(async (part) => this.#head(part)));
    const total = sources.reduce((sum, { bytes }) => sum + bytes, 0);
    const pieces = (size: number) => regrouped(this.#sources(sources), size);
    await this.#large.run(async () => {
      if (total > ONE_REQUEST_BYTES) {
        await this.#multipart.upload(key, total, pieces, options);
        return;
      }
      const whole: Buffer[] = [];
      for await (const piece of pieces(ONE_REQUEST_BYTES)) whole.push(piece);
      await this.#uploads.put(key, Buffer.concat(whole), options);
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    await this.#deletes.delete(keys);
  }

  async check(): Promise<void> {
    // Below what recordings are below: keys may have rights to no more.
    const key = `${this.#client.settings.base}check-${randomBytes(8).toString('hex')}`;
    const bytes = Buffer.from('Parley looks whether it can write here.\n');
    try {
      await this.#uploads.put(key, bytes, {});
    } catch (error) {
      // It may be there all the same: only the answer was lost.
      await this.#deletes.delete([key]).catch(() => {});
      throw error;
    }
    await this.#deletes.delete([key]);
  }

  /** Ends what uploads nobody goes on with. @throws StoreError */
  async endStaleUploads(): Promise<void> {
    const ended = await this.#multipart.endStale(this.#client.settings.base);
    if (ended > 0) this.#log.info({ ended }, 'ended uploads that nobody had finished for a day');
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#tidying;
  }

  async #writeFile(key: string, file: string, options: Options): Promise<void> {
    const handle = await open(file, 'r').catch((error: unknown) => {
      throw fileTrouble(`${file} cannot be read`, error);
    });
    try {
      const { size } = await handle.stat();
      const read = async (position: number, length: number) => {
        const bytes = Buffer.allocUnsafe(length);
        for (let at = 0; at < length; ) {
          const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
          if (bytesRead === 0) throw new StoreError('corrupt', `${file} became shorter.`);
          at += bytesRead;
        }
        return bytes;
      };
      if (size <= ONE_REQUEST_BYTES) {
        await this.#uploads.put(key, await read(0, size), options);
        return;
      }
      async function* pieces(pieceBytes: number) {
        for (let at = 0; at < size; at += pieceBytes) {
          yield await read(at, Math.min(pieceBytes, size - at));
        }
      }
      await this.#multipart.upload(key, size, pieces, options);
    } finally {
      await handle.close();
    }
  }

  async #head(key: string) {
    checkKey(key);
    const verb = `look at ${key}`;
    const { headers } = await this.#client.send({ method: 'HEAD', key, verb });
    const bytes = Number(headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(bytes)) {
      throw this.#client.broke(new Error('it does not say how large it is'), verb);
    }
    const modifiedAt = Date.parse(headers['last-modified'] ?? '');
    return {
      ...{ key, bytes, etag: plainEtag(String(headers.etag ?? '')) },
      modifiedAt: Number.isNaN(modifiedAt) ? 0 : modifiedAt,
    };
  }

  /** Goes on where a connection broke. */
  async *#bytes(key: string, first: number, last: number, etag: string): AsyncGenerator<Buffer> {
    const verb = `read ${key}`;
    let at = first;
    for (let tries = 1; at <= last; tries++) {
      try {
        const headers = { range: `bytes=${at}-${last}`, ...(etag && { 'if-match': `"${etag}"` }) };
        const response = await this.#client.stream({ method: 'GET', key, headers, verb });
        const from = at;
        for await (const chunk of response as AsyncIterable<Buffer>) {
          at += chunk.length;
          tries = 1;
          yield chunk;
        }
        requireWhole(response, at - from);
      } catch (cause) {
        const error = this.#client.broke(cause, verb);
        if (tries >= READ_TRIES || !error.isPassing) throw error;
      }
    }
  }

  async *#sources(sources: readonly { key: string; bytes: number }[]): AsyncGenerator<Buffer> {
    for (const { key, bytes } of sources) {
      for (let at = 0; at < bytes; at += PART_BYTES) {
        const last = Math.min(at + PART_BYTES, bytes) - 1;
        const request = { method: 'GET', key, verb: `read ${key}` } as const;
        const headers = { range: `bytes=${at}-${last}` };
        const { body } = await this.#client.send({ ...request, headers });
        if (body.length !== last - at + 1) {
          throw this.#client.broke(new Error('it is not as long as it was'), request.verb);
        }
        yield body;
      }
    }
  }

  /** In the background: nothing that is recorded waits for it. */
  #tidy(): void {
    const now = performance.now();
    if (now - this.#tidiedAt < TIDY_MS) return;
    this.#tidiedAt = now;
    this.#tidying = this.endStaleUploads().catch((error: unknown) => {
      this.#log.debug({ err: error }, 'could not look for unfinished uploads');
    });
  }
}

async function* slices(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The same bytes in pieces of this size, and a last one. */
export async function* regrouped(
  source: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    kept.push(chunk);
    bytes += chunk.length;
    while (bytes >= size) {
      const all = Buffer.concat(kept);
      yield all.subarray(0, size);
      kept = [all.subarray(size)];
      bytes -= size;
    }
  }
  if (bytes > 0) yield Buffer.concat(kept);
}
