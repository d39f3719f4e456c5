// Recordings in a real bucket: the settings for it, what is in it, and what is still on the machine that recorded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Catalog } from '../../../server/recording/catalog/catalog.ts';
import type { IndexEntry } from '../../../server/recording/catalog/entry.ts';
import { indexKey, manifestKey, trackKey } from '../../../server/recording/catalog/keys.ts';
import { S3Store } from '../../../server/recording/stores/s3/s3-store.ts';
import type { RecordStore } from '../../../server/recording/stores/store.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { until } from '../process/until.ts';
import { BUCKET, KEYS, type Keys, type ObjectStore } from '../s3/object-store.ts';
import { type Owner, ownedBy } from '../server/owned.ts';

const log = createLogger('silent');
/** Of the spool itself: its process touches it. */
const HEARTBEAT = 'heartbeat';
/** A file is in the spool for seconds at least: its recording has to be over, and the store to take it. */
const COPY_EVERY_MS = 100;

/** What a deployment sets for a bucket. */
export function bucketSettings(endpoint: string, { accessKey, secretKey }: Keys = KEYS) {
  return {
    ...{ RECORD_ENABLED: '1', RECORD_FILMS: 'none', S3_ENDPOINT: endpoint, S3_BUCKET: BUCKET },
    ...{ S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey },
  };
}

/** The bucket as it is, past every proxy. It is closed after the test. */
export function bucketOf(
  context: Owner,
  objects: ObjectStore,
  { bucket = BUCKET, credentials = KEYS }: { bucket?: string; credentials?: Keys } = {},
): S3Store {
  const store = new S3Store(objects.settings({ base: '', bucket, credentials }), log);
  ownedBy(context).defer(() => store.close());
  return store;
}

/** Waits until this many recordings are ready, and there are no others. @returns them with all that is known */
export async function readyIn(
  store: RecordStore,
  count: number,
  withinMs = 90_000,
): Promise<IndexEntry[]> {
  const limit = count + 10;
  await until(
    `${count} recordings to be ready`,
    async () => {
      const { entries } = await new Catalog(store, { log }).list({ limit });
      const ready = entries.filter(({ state }) => state === 'ready');
      assert.deepEqual([entries.length, ready.length], [count, count]);
    },
    { withinMs, everyMs: 500 },
  );
  const catalog = new Catalog(store, { log });
  const { entries } = await catalog.list({ limit });
  return Promise.all(
    entries.map(async ({ id }) => {
      const entry = await catalog.get(id);
      assert.ok(entry);
      return entry;
    }),
  );
}

/** There is what belongs to these recordings, and nothing else: no parts, no other objects. */
export async function hasNothingBut(
  store: RecordStore,
  entries: readonly IndexEntry[],
): Promise<void> {
  const expected = entries.flatMap((entry) => [
    ...[indexKey(entry), manifestKey(entry.folder)],
    ...entry.files.map(({ name }) => trackKey(entry.folder, name)),
  ]);
  const found: string[] = [];
  for await (const { key } of store.list('')) found.push(key);
  const logs = new RegExp(`^(${entries.map(({ folder }) => folder).join('|')})/log/[^/]+$`);
  assert.deepEqual(
    found.filter((key) => !logs.test(key)),
    expected.toSorted(),
  );
}

/** Files that are on this machine alone. @param folder RECORD_DIR */
export async function spooledIn(folder: string): Promise<string[]> {
  const found = await readdir(path.join(folder, 'spool'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  return found
    .filter((each) => each.isFile() && each.name !== HEARTBEAT)
    .map(({ parentPath, name }) => path.join(parentPath, name));
}

/** Keeps every file of a track as the recorder writes it, also after it was deleted: a second name for it. */
export class KeptTracks implements Disposable {
  readonly #folder: string;
  readonly #copies: string;
  #timer: NodeJS.Timeout;
  #closed = false;

  /** @param folder RECORD_DIR */
  constructor(folder: string) {
    this.#folder = folder;
    this.#copies = path.join(folder, 'kept');
    mkdirSync(this.#copies);
    this.#timer = setTimeout(() => this.#look(), 0);
  }

  /** SHA-256 of each, by its name. */
  async hashes(): Promise<Map<string, string>> {
    const names = await readdir(this.#copies);
    return new Map(
      await Promise.all(
        names.map(async (name): Promise<[string, string]> => {
          return [name, sha256(await readFile(path.join(this.#copies, name)))];
        }),
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    for (const file of await spooledIn(this.#folder)) {
      if (!/\/tracks\/[^/]+$/.test(file)) continue;
      // It is there already, or has gone this moment.
      await link(file, path.join(this.#copies, path.basename(file))).catch(() => {});
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), COPY_EVERY_MS);
  }
}

/** SHA-256 of each file of a recording in the store, by its name. */
export async function hashesIn(store: RecordStore, entry: IndexEntry) {
  return new Map(
    await Promise.all(
      entry.files.map(async ({ name }): Promise<[string, string]> => {
        const stream = await store.read(trackKey(entry.folder, name));
        return [name, sha256(await buffer(stream))];
      }),
    ),
  );
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
