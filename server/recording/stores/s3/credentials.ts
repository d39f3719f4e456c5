// The keys to the store: from the environment, or from a file that may change while we run.
import { readFile } from 'node:fs/promises';
import { StoreError } from '../store.ts';
import type { S3Settings } from './settings.ts';

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Only temporary keys have one. */
  readonly sessionToken?: string;
}

export class CredentialSource {
  readonly #from: S3Settings['credentials'];
  #current: Credentials | undefined;

  constructor(from: S3Settings['credentials']) {
    this.#from = from;
  }

  /** @throws StoreError `denied` when the file cannot be used */
  async current(): Promise<Credentials> {
    this.#current ??= await this.#read();
    return this.#current;
  }

  /**
   * To be called when the store has refused these.
   * @returns whether there are others now
   */
  async renew(refused: Credentials): Promise<boolean> {
    const before = this.#current;
    // Requests that were under way together are refused together: the first of them has read the file again.
    if (before !== undefined && !same(before, refused)) return true;
    this.#current = await this.#read();
    return !same(this.#current, refused);
  }

  async #read(): Promise<Credentials> {
    if (!('file' in this.#from)) return this.#from;
    const { file } = this.#from;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      const message = `S3_CREDENTIALS_FILE ${file} cannot be read.`;
      throw new StoreError('denied', message, { cause });
    }
    const [accessKey = '', secretKey = '', sessionToken = ''] = text
      .split('\n')
      .map((line) => line.trim());
    if (accessKey === '' || secretKey === '') {
      throw new StoreError(
        'denied',
        `S3_CREDENTIALS_FILE ${file} must have the access key on its first line and the secret key on its second; it does not.`,
      );
    }
    return { accessKey, secretKey, ...(sessionToken !== '' && { sessionToken }) };
  }
}

function same(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKey === b.accessKey && a.secretKey === b.secretKey && a.sessionToken === b.sessionToken
  );
}
