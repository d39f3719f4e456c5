// A real S3-compatible store on loopback: OpenStack Swift with its S3 API, in one process, with files of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3Client } from '../../../server/recording/stores/s3/client.ts';
import type { S3Settings } from '../../../server/recording/stores/s3/settings.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { freeTcpPort } from '../network/ports.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { ManagedProcess } from '../process/managed-process.ts';
import { until } from '../process/until.ts';

const SERVER = path.join(import.meta.dirname, 'swift-server.py');
/** Debian's, which has its package python3-swift. */
const PYTHON = '/usr/bin/python3';
export const BUCKET = 'recordings-of-tests';

export interface Keys {
  accessKey: string;
  secretKey: string;
}

/** Both are of the account that owns the bucket. */
export const KEYS: Keys = { accessKey: 'test:first', secretKey: 'a-secret-of-the-tests-alone' };
export const NEW_KEYS: Keys = {
  accessKey: 'test:second',
  secretKey: 'another-secret-of-the-tests',
};

export class ObjectStore implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  #process: ManagedProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** With an empty bucket. */
  static async start(): Promise<ObjectStore> {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-object-store-'));
    const store = new ObjectStore(folder, await freeTcpPort());
    try {
      await store.start();
      await store.makeBucket(BUCKET);
      return store;
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Begins to answer, with what it has. @param keys those that it takes; no others */
  async start(keys: Keys = KEYS): Promise<void> {
    const started = new ManagedProcess({
      ...{ name: 'object store', command: PYTHON },
      args: [SERVER, this.#folder, String(this.port), keys.accessKey, keys.secretKey],
    });
    this.#process = started;
    await started.line(/^listening on/, DEADLINES.serverReady);
  }

  /** Connections are refused from now on. */
  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
  }

  settings(changes: Partial<S3Settings> = {}): S3Settings {
    return {
      ...{ endpoint: this.endpoint, region: 'us-east-1', bucket: BUCKET, pathStyle: true },
      ...{ credentials: KEYS, encryption: { kind: 'none' }, timeoutMs: 20_000 },
      base: 'recordings/',
      ...changes,
    };
  }

  async makeBucket(bucket: string): Promise<void> {
    const client = new S3Client(this.settings({ bucket }), createLogger('silent'));
    try {
      await until('the object store to make a bucket', () =>
        client.send({ method: 'PUT', verb: 'make the bucket' }),
      );
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
