// Deletes objects: many in one request, or one by one where the store knows no other way.
import { createHash } from 'node:crypto';
import { StoreError } from '../store.ts';
import { readDeleted } from './answers.ts';
import type { S3Client } from './client.ts';
import { escaped } from './xml.ts';

/** As many as S3 takes in one request. */
const BATCH = 1_000;
/** Where each needs a request. */
const SINGLY_AT_ONCE = 8;

export class Deletes {
  readonly #client: S3Client;
  #knowsBatches = true;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** Idempotent. @throws StoreError */
  async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += BATCH) {
      const batch = keys.slice(at, at + BATCH);
      const left = batch.length > 1 && this.#knowsBatches ? await this.#together(batch) : batch;
      for (let each = 0; each < left.length; each += SINGLY_AT_ONCE) {
        const some = left.slice(each, each + SINGLY_AT_ONCE);
        await Promise.all(some.map((key) => this.#singly(key)));
      }
    }
  }

  /** @returns those that are to be deleted singly */
  async #together(keys: readonly string[]): Promise<readonly string[]> {
    const verb = `delete ${keys.length} files`;
    const objects = keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join('');
    const body = Buffer.from(
      `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`,
    );
    const headers = {
      'content-type': 'application/xml',
      'content-md5': createHash('md5').update(body).digest('base64'),
    };
    try {
      const query = { delete: '' };
      const answer = await this.#client.send({ method: 'POST', query, headers, body, verb });
      const refused = new Set(readDeleted(answer.body.toString('utf8')).map(({ key }) => key));
      // One that could not be deleted tells why when it is deleted alone.
      return keys.filter((key) => refused.has(key));
    } catch (error) {
      if (error instanceof StoreError && ['denied', 'clock', 'no_bucket'].includes(error.code)) {
        throw error;
      }
      // A store that knows no batches says so in many ways. One that is in trouble fails at single ones as well.
      this.#knowsBatches = error instanceof StoreError && error.isPassing;
      return keys;
    }
  }

  async #singly(key: string): Promise<void> {
    try {
      await this.#client.send({ method: 'DELETE', key, verb: `delete ${key}` });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'missing') throw error;
    }
  }
}
