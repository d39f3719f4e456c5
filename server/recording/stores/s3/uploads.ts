// Puts bytes into the store, and believes it only when the store names the checksum of what it has.
import type { IncomingHttpHeaders } from 'node:http';
import { StoreError } from '../store.ts';
import { plainEtag } from './answers.ts';
import type { S3Client } from './client.ts';
import { base64, type Hashes, hashesOf } from './hashes.ts';

export interface UploadOptions {
  type?: string;
  signal?: AbortSignal | undefined;
}

/** Whether the store has named the checksum of what it has. */
export interface Put {
  etag: string;
  isConfirmed: boolean;
}

/** Bytes that arrive damaged time after time are damaged on this machine. */
const PUTS = 3;

export class Uploads {
  readonly #client: S3Client;
  /**
   * With the keys of KMS an ETag is no checksum, so the store is asked to keep one. Others are not: some refuse
   * headers that they do not know.
   */
  #asksChecksum: boolean;

  constructor(client: S3Client) {
    this.#client = client;
    this.#asksChecksum = client.settings.encryption.kind === 'kms';
  }

  get asksChecksum(): boolean {
    return this.#asksChecksum;
  }

  /** @throws StoreError */
  async put(key: string, bytes: Buffer, { type, signal }: UploadOptions): Promise<void> {
    const hashes = await hashesOf(bytes);
    for (let tries = 1; ; tries++) {
      const { isConfirmed } = await this.#send(key, {}, bytes, hashes, {
        headers: this.objectHeaders(type),
        signal,
      });
      if (isConfirmed || (await this.holds(key, [{ bytes: bytes.length, ...hashes }], signal))) {
        return;
      }
      if (tries >= PUTS) throw this.corrupt(key);
    }
  }

  /** One part of a multipart upload. @throws StoreError */
  putPart(
    key: string,
    query: { partNumber: string; uploadId: string },
    bytes: Buffer,
    hashes: Hashes,
    signal: AbortSignal | undefined,
  ): Promise<Put> {
    return this.#send(key, query, bytes, hashes, { headers: {}, signal });
  }

  /** Headers that make the store encrypt, and say what it is. */
  objectHeaders(type: string | undefined): Record<string, string> {
    const { encryption } = this.#client.settings;
    const headers: Record<string, string> = { 'content-type': type ?? 'application/octet-stream' };
    if (encryption.kind === 'aes256') headers['x-amz-server-side-encryption'] = 'AES256';
    if (encryption.kind === 'kms') {
      headers['x-amz-server-side-encryption'] = 'aws:kms';
      const { keyId } = encryption;
      if (keyId !== undefined) {
        headers['x-amz-server-side-encryption-aws-kms-key-id'] = keyId;
      }
    }
    return headers;
  }

  /** Reads it back: the last resort, where a store names no checksum that we can compute. */
  async holds(
    key: string,
    pieces: readonly { bytes: number; sha256: string }[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    let first = 0;
    for (const { bytes, sha256 } of pieces) {
      if (bytes === 0) continue;
      const range = `bytes=${first}-${first + bytes - 1}`;
      const { body } = await this.#client.send({
        ...{ method: 'GET', key, headers: { range }, verb: `read back ${key}`, signal },
      });
      if (body.length !== bytes || (await hashesOf(body)).sha256 !== sha256) return false;
      first += bytes;
    }
    return (await this.size(key, signal)) === first;
  }

  /** @throws StoreError `missing` */
  async size(key: string, signal: AbortSignal | undefined): Promise<number> {
    const verb = `look at ${key}`;
    const { headers } = await this.#client.send({ method: 'HEAD', key, verb, signal });
    return Number(headers['content-length']);
  }

  corrupt(key: string): StoreError {
    return new StoreError(
      'corrupt',
      `What is stored as ${key} (${this.#client.place}) is not what was sent: its checksum differs.`,
    );
  }

  async #send(
    key: string,
    query: Readonly<Record<string, string>>,
    body: Buffer,
    { md5, sha256 }: Hashes,
    { headers, signal }: { headers: Record<string, string>; signal: AbortSignal | undefined },
  ): Promise<Put> {
    const answer = await this.#client.send({
      ...{ method: 'PUT', key, query, body, sha256, signal, verb: `write ${key}` },
      headers: {
        ...headers,
        'content-md5': base64(md5),
        ...(this.#asksChecksum && { 'x-amz-checksum-sha256': base64(sha256) }),
      },
    });
    const etag = plainEtag(String(answer.headers.etag ?? ''));
    if (usesKms(answer.headers)) this.#asksChecksum = true;
    const isConfirmed = etag === md5 || answer.headers['x-amz-checksum-sha256'] === base64(sha256);
    return { etag, isConfirmed };
  }
}

/** A bucket may do so without being asked. */
function usesKms(headers: IncomingHttpHeaders): boolean {
  return String(headers['x-amz-server-side-encryption'] ?? '').startsWith('aws:kms');
}
