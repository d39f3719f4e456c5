// Where recorders put their files: in place below RECORD_DIR, or in a spool from which they are uploaded as they grow.
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { DiskStore } from '../stores/disk.ts';
import { makeFolder } from '../stores/folders.ts';
import { checkKey } from '../stores/keys.ts';
import { type RecordStore, StoreError } from '../stores/store.ts';
import { fileTrouble } from '../stores/trouble.ts';
import { Adoption, type AdoptionOptions, removeEmpty } from './adoption.ts';
import { Claim } from './claim.ts';
import { FreeSpace } from './free-space.ts';
import { DurableFile, type GrowingFile } from './growing-file.ts';
import { Uploader, type UploadState } from './uploader.ts';

export interface SpoolEvents {
  /** Uploads began to fail: what is recorded waits on this machine. */
  unhealthy: [problem: StoreError];
  healthy: [];
}

export interface Spool {
  readonly events: EventEmitter<SpoolEvents>;
  /**
   * A new file, two steps below the folder of its recording: `<folder>/tracks/<name>`, `<folder>/log/<name>`.
   *
   * @throws StoreError; there must be no file of this name
   */
  file(key: string): Promise<GrowingFile>;
  /** What is on this machine alone. */
  state(): UploadState;
  /** Resolves when all files below this prefix are closed, and in the store as a whole; or when the spool closes. */
  stored(prefix: string): Promise<void>;
  /** Closes all files, and uploads what it can. What is not uploaded in time another process takes over. */
  close(options: { withinMs: number }): Promise<void>;
}

type SpoolConfig = Pick<Config, 'recording'>;

/**
 * @param onLeft makes a recording known, of which a dead process left a log in the spool
 * @throws StoreError when the folder cannot be written
 */
export async function openSpool(
  config: SpoolConfig,
  store: RecordStore,
  log: Logger,
  resources: Resources,
  onLeft: AdoptionOptions['onLeft'] = async () => {},
): Promise<Spool> {
  const { dir, freeDiskMb } = config.recording;
  if (store instanceof DiskStore) {
    return new DiskSpool(store, new FreeSpace(store.place, freeDiskMb));
  }
  const root = dir === undefined ? await temporaryFolder(store) : path.join(dir, 'spool');
  try {
    const claim = await Claim.make(root, resources);
    return new UploadSpool({ config, store, log, resources, claim, root, onLeft });
  } catch (error) {
    throw fileTrouble(`The folder ${root} cannot be written`, error);
  }
}

class DiskSpool implements Spool {
  readonly events = new EventEmitter<SpoolEvents>();
  readonly #store: DiskStore;
  readonly #space: FreeSpace;
  readonly #files = new Set<GrowingFile>();

  constructor(store: DiskStore, space: FreeSpace) {
    this.#store = store;
    this.#space = space;
  }

  async file(key: string): Promise<GrowingFile> {
    await this.#space.require();
    const file: GrowingFile = await DurableFile.open({
      ...{ key, file: await this.#store.localFile(key) },
      mayWrite: () => this.#space.require(),
      onClosed: () => void this.#files.delete(file),
    });
    this.#files.add(file);
    return file;
  }

  state(): UploadState {
    return { waitingBytes: 0, oldestWaitingMs: 0 };
  }

  async stored(): Promise<void> {}

  async close(): Promise<void> {
    await Promise.all([...this.#files].map((file) => file.close()));
  }
}

interface UploadSpoolOptions {
  config: SpoolConfig;
  store: RecordStore;
  log: Logger;
  resources: Resources;
  claim: Claim;
  root: string;
  onLeft: AdoptionOptions['onLeft'];
}

class UploadSpool implements Spool {
  readonly events = new EventEmitter<SpoolEvents>();
  readonly #claim: Claim;
  readonly #space: FreeSpace;
  readonly #uploader: Uploader;
  readonly #adoption: Adoption;
  readonly #files = new Set<GrowingFile>();

  constructor({ config, store, log, resources, claim, root, onLeft }: UploadSpoolOptions) {
    this.#claim = claim;
    this.#space = new FreeSpace(root, config.recording.freeDiskMb);
    this.#uploader = new Uploader({
      ...{ store, log, resources, everyMs: config.recording.uploadSeconds * 1_000 },
      onHealth: (problem) => {
        if (problem) this.events.emit('unhealthy', problem);
        else this.events.emit('healthy');
      },
    });
    this.#adoption = new Adoption({
      ...{ root, own: claim, uploader: this.#uploader, onLeft, log, resources },
    });
  }

  async file(key: string): Promise<GrowingFile> {
    checkKey(key);
    const mayWrite = async () => {
      await this.#space.require();
      await this.#claim.require();
    };
    await mayWrite();
    const file = path.join(this.#claim.files, ...key.split('/'));
    await makeFolder(path.dirname(file)).catch((error: unknown) => {
      throw fileTrouble(`The folder ${path.dirname(file)} cannot be written`, error);
    });
    let upload: ReturnType<Uploader['track']> | undefined;
    const growing: GrowingFile = await DurableFile.open({
      ...{ key, file, mayWrite },
      onGrown: (ends) => upload?.grown(ends),
      onClosed: () => {
        upload?.closed();
        this.#files.delete(growing);
      },
    });
    upload = this.#uploader.track(key, file);
    this.#files.add(growing);
    return growing;
  }

  state(): UploadState {
    return this.#uploader.state();
  }

  stored(prefix: string): Promise<void> {
    return this.#uploader.stored(prefix);
  }

  async close({ withinMs }: { withinMs: number }): Promise<void> {
    await Promise.all([...this.#files].map((file) => file.close()));
    await this.#uploader.close(withinMs);
    await this.#adoption.close();
    await removeEmpty(this.#claim.files);
    await this.#claim.release();
  }
}

/** The folder belongs to this user and this place alone: what another Parley on this machine left belongs elsewhere. */
async function temporaryFolder(store: RecordStore): Promise<string> {
  const place = createHash('sha256').update(store.place).digest('hex').slice(0, 12);
  const folder = path.join(tmpdir(), `parley-recordings-${process.getuid?.() ?? 'user'}-${place}`);
  try {
    await makeFolder(folder, 0o700);
    const found = await lstat(folder);
    if (found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid)) return folder;
  } catch (error) {
    throw fileTrouble(`The folder ${folder} cannot be written`, error);
  }
  throw new StoreError(
    'unwritable',
    `${folder} belongs to another user: set RECORD_DIR to a folder for what is not uploaded yet.`,
  );
}
