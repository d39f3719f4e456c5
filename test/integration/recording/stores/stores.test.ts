// Each kind of store keeps to the contract: a folder, a real object store, and one behind a network that fails.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { DiskStore } from '../../../../server/recording/stores/disk.ts';
import { S3Store } from '../../../../server/recording/stores/s3/s3-store.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import { FaultyProxy } from '../../../support/s3/faults.ts';
import { ObjectStore } from '../../../support/s3/object-store.ts';
import { storeContract } from './contract.ts';

const log = createLogger('silent');
let objects: ObjectStore;
let buckets = 0;

before(async () => {
  objects = await ObjectStore.start();
});
after(() => objects[Symbol.asyncDispose]());

async function emptyBucket(): Promise<string> {
  const bucket = `contract-${++buckets}`;
  await objects.makeBucket(bucket);
  return bucket;
}

storeContract('folder', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-folder-'));
  t.after(() => rm(folder, { recursive: true }));
  return new DiskStore(path.join(folder, 'not', 'there', 'yet'));
});

storeContract('object store', async () => {
  return new S3Store(objects.settings({ bucket: await emptyBucket() }), log);
});

storeContract('object store that fails every third time', async (t) => {
  const proxy = await FaultyProxy.start(objects.port);
  t.after(() => proxy[Symbol.asyncDispose]());
  const faults = ['error', 'half', 'slow_down', 'bad_gateway', 'lost_answer'] as const;
  let requests = 0;
  proxy.fault = () => {
    requests++;
    return requests % 3 === 0 ? (faults[requests % faults.length] ?? 'none') : 'none';
  };
  const { endpoint } = proxy;
  return new S3Store(objects.settings({ bucket: await emptyBucket(), endpoint }), log);
});
