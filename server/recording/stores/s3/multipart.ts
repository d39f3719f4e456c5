// Uploads large objects in parts: goes on where an earlier try stopped, and ends what is given up.
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { RecordingId } from '../../../../shared/room/room.ts';
import { StoreError } from '../store.ts';
import {
  type PartInfo,
  readDone,
  readParts,
  readUploadId,
  readUploads,
  type UploadInfo,
} from './answers.ts';
import type { S3Client, S3Request } from './client.ts';
import { base64, hashesOf } from './hashes.ts';
import type { UploadOptions, Uploads } from './uploads.ts';
import { escaped } from './xml.ts';

/** At least 5 MiB for S3; the same for all but the last, for R2. It is what one upload takes of the memory. */
export const PART_BYTES = 8 * 1024 * 1024;
/** S3 takes 10,000. */
const MAX_PARTS = 9_000;
/** No upload takes as long. It was left by a process that nobody started again. */
const STALE_MS = 24 * 60 * 60 * 1_000;
/** Another process may end an upload, or finish it, while we send. */
const TRIES = 3;

/** Bytes in order, all of this size but the last. */
export type Pieces = (pieceBytes: number) => AsyncIterable<Buffer>;

interface SentPart {
  bytes: number;
  md5: string;
  sha256: string;
  etag: string;
  isConfirmed: boolean;
}

export class Multipart {
  readonly #client: S3Client;
  readonly #uploads: Uploads;

  constructor(client: S3Client, uploads: Uploads) {
    this.#client = client;
    this.#uploads = uploads;
  }

  /** @throws StoreError. After one that passes, the next upload of the key goes on where this one was. */
  async upload(key: string, total: number, pieces: Pieces, options: UploadOptions): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { uploadId, parts } = await this.#begin(key, options);
      try {
        await this.#send(key, uploadId, parts, total, pieces, options);
        return;
      } catch (error) {
        const isGone = error instanceof StoreError && error.code === 'missing';
        const goesOn = error instanceof StoreError && error.isPassing && !options.signal?.aborted;
        if (!goesOn && !isGone) await this.#abort(key, uploadId).catch(() => {});
        if (!isGone || tries >= TRIES) throw error;
      }
    }
  }

  /**
   * Ends uploads of recordings that nobody goes on with.
   * @param base what the keys of all recordings begin with
   */
  async endStale(base: string, now = Date.now()): Promise<number> {
    let ended = 0;
    for await (const { key, uploadId, startedAt } of this.#list(base)) {
      const isOurs = key.split('/').some((part) => v.is(RecordingId, part));
      if (!isOurs || now - startedAt < STALE_MS) continue;
      await this.#abort(key, uploadId);
      ended++;
    }
    return ended;
  }

  async #begin(
    key: string,
    { type, signal }: UploadOptions,
  ): Promise<{ uploadId: string; parts: Map<number, PartInfo> }> {
    let newest: UploadInfo | undefined;
    for await (const upload of this.#list(key, signal)) {
      if (upload.key === key && upload.startedAt >= (newest?.startedAt ?? 0)) newest = upload;
    }
    if (newest) {
      const { uploadId } = newest;
      const parts = await this.#parts(key, uploadId, signal);
      if (parts) return { uploadId, parts };
    }
    const headers = {
      ...this.#uploads.objectHeaders(type),
      ...(this.#uploads.asksChecksum && { 'x-amz-checksum-algorithm': 'SHA256' }),
    };
    const begin: S3Request = {
      ...{ method: 'POST', key, query: { uploads: '' }, headers, signal },
      verb: `begin the upload of ${key}`,
    };
    const answer = await this.#client.send(begin);
    const uploadId = this.#read(answer.body, begin.verb, readUploadId);
    return { uploadId, parts: new Map() };
  }

  async #send(
    key: string,
    uploadId: string,
    known: ReadonlyMap<number, PartInfo>,
    total: number,
    pieces: Pieces,
    { signal }: UploadOptions,
  ): Promise<void> {
    const sent: SentPart[] = [];
    const pieceBytes = Math.max(PART_BYTES, Math.ceil(total / MAX_PARTS));
    for await (const bytes of pieces(pieceBytes)) {
      signal?.throwIfAborted();
      const number = sent.length + 1;
      const hashes = await hashesOf(bytes);
      const before = known.get(number);
      const isThere = before?.bytes === bytes.length && before.etag === hashes.md5;
      const query = { partNumber: String(number), uploadId };
      const put = isThere
        ? { etag: before.etag, isConfirmed: true }
        : await this.#uploads.putPart(key, query, bytes, hashes, signal);
      sent.push({ bytes: bytes.length, ...hashes, ...put });
    }
    await this.#complete(key, uploadId, sent, signal);
  }

  async #complete(
    key: string,
    uploadId: string,
    sent: readonly SentPart[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const verb = `finish the upload of ${key}`;
    const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
    const tag = createHash('md5');
    for (const { md5 } of sent) tag.update(Buffer.from(md5, 'hex'));
    const expected = `${tag.digest('hex')}-${sent.length}`;
    let etag: string | undefined;
    try {
      const body = Buffer.from(completion(sent, this.#uploads.asksChecksum));
      const request: S3Request = { method: 'POST', key, query: { uploadId }, body, verb, signal };
      request.headers = { 'content-type': 'application/xml' };
      const { body: answer } = await this.#client.send(request);
      const done = this.#read(answer, verb, (xml) =>
        readDone(xml, 'CompleteMultipartUploadResult'),
      );
      if ('refusal' in done) throw this.#client.refusal({ status: 200, ...done.refusal }, verb);
      etag = done.etag;
    } catch (error) {
      // The first of two requests may have done it, its answer being lost.
      if (!(error instanceof StoreError) || error.code !== 'missing') throw error;
      const { headers } = await this.#client.send({ method: 'HEAD', key, verb, signal });
      etag = String(headers.etag ?? '').replaceAll('"', '');
      if (etag !== expected) throw error;
    }
    const isConfirmed = etag === expected || sent.every((part) => part.isConfirmed);
    const isWhole = isConfirmed
      ? (await this.#uploads.size(key, signal)) === total
      : await this.#uploads.holds(key, sent, signal);
    if (!isWhole) throw this.#uploads.corrupt(key);
  }

  async #abort(key: string, uploadId: string): Promise<void> {
    try {
      const verb = `end the upload of ${key}`;
      await this.#client.send({ method: 'DELETE', key, query: { uploadId }, verb });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'missing') throw error;
    }
  }

  async *#list(prefix: string, signal?: AbortSignal): AsyncGenerator<UploadInfo> {
    const verb = 'list uploads';
    let next: Record<string, string> | undefined = {};
    while (next !== undefined) {
      const query: Record<string, string> = { uploads: '', prefix, ...next };
      const { body } = await this.#client.send({ method: 'GET', query, verb, signal });
      const page = this.#read(body, verb, readUploads);
      yield* page.items;
      next = page.next;
    }
  }

  /** By their numbers; undefined when the upload has ended meanwhile. */
  async #parts(
    key: string,
    uploadId: string,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, PartInfo> | undefined> {
    const verb = `list the parts of ${key}`;
    const parts = new Map<number, PartInfo>();
    let next: Record<string, string> | undefined = {};
    try {
      while (next !== undefined) {
        const query: Record<string, string> = { uploadId, ...next };
        const { body } = await this.#client.send({ method: 'GET', key, query, verb, signal });
        const page = this.#read(body, verb, readParts);
        for (const part of page.items) parts.set(part.number, part);
        next = page.next;
      }
      return parts;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'missing') return undefined;
      throw error;
    }
  }

  #read<T>(body: Buffer, verb: string, read: (xml: string) => T): T {
    try {
      return read(body.toString('utf8'));
    } catch (cause) {
      throw this.#client.broke(cause, verb);
    }
  }
}

function completion(parts: readonly SentPart[], withChecksums: boolean): string {
  const texts = parts.map(({ etag, sha256 }, index) => {
    const checksum = withChecksums ? `<ChecksumSHA256>${base64(sha256)}</ChecksumSHA256>` : '';
    return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(`"${etag}"`)}</ETag>${checksum}</Part>`;
  });
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${texts.join('')}</CompleteMultipartUpload>`;
}
