// Finds what dead processes of this machine left in the spool, and has it uploaded.
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { codeOf } from '../stores/folders.ts';
import { Claim, DeathWatch, NEW_PREFIX } from './claim.ts';
import { type LeftRecording, leftRecording } from './log-head.ts';
import { cutTail } from './tail.ts';
import type { Uploader } from './uploader.ts';

/** With the time after which a process counts as dead: what it left is found within forty seconds. */
const LOOK_MS = 10_000;
/** Making a folder takes milliseconds. */
const UNFINISHED_MS = 10 * 60_000;
/** A recording that could not be made known is tried again after this. */
const AGAIN_MS = 5_000;

export interface AdoptionOptions {
  /** The folder of all processes' folders. */
  root: string;
  own: Claim;
  uploader: Uploader;
  /** Makes a recording known of which a log was found, before the log is uploaded. Idempotent. */
  onLeft(recording: LeftRecording): Promise<void>;
  log: Logger;
  resources: Resources;
}

export class Adoption {
  readonly #options: AdoptionOptions;
  readonly #watch = new DeathWatch();
  readonly #timer: Timer;
  /** Folders that we took, until all in them is uploaded. */
  readonly #taken = new Map<Claim, Promise<void>>();
  #looking: Promise<void> | undefined;
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  /** Looks at once, and then again and again. */
  constructor(options: AdoptionOptions) {
    this.#options = options;
    this.#timer = options.resources.every(LOOK_MS, () => void this.look());
    void this.look();
  }

  /** Resolves when all folders of dead processes that are there now have been taken. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        const { log, root } = this.#options;
        log.warn({ err: error, root }, 'could not look for what dead processes left');
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** The uploader is closed before: what is not uploaded is for others. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    this.#timer.close();
    await this.#looking;
    await Promise.all(this.#taken.values());
  }

  async #look(): Promise<void> {
    const { root, own, resources, log } = this.#options;
    const ours = new Set([own, ...this.#taken.keys()].map(({ folder }) => folder));
    for (const name of await readdir(root)) {
      if (this.#isClosed) return;
      const folder = path.join(root, name);
      if (name.startsWith(NEW_PREFIX)) await removeUnfinished(folder);
      else if (!ours.has(folder) && (await this.#watch.isDead(folder))) {
        const claim = await Claim.take(folder, resources);
        if (!claim) continue;
        log.info({ folder }, 'uploading what a process that is gone had recorded');
        this.#taken.set(claim, this.#upload(claim));
      }
    }
  }

  async #upload(claim: Claim): Promise<void> {
    try {
      const uploads: Promise<void>[] = [];
      for (const file of await filesBelow(claim.files)) {
        const key = path.relative(claim.files, file).split(path.sep).join('/');
        uploads.push(this.#adopt(key, file, await cutTail(file)));
      }
      await Promise.all(uploads);
      await removeEmpty(claim.files);
    } catch (error) {
      this.#options.log.error({ err: error, folder: claim.folder }, 'could not upload a folder');
    } finally {
      await claim.release();
      this.#taken.delete(claim);
    }
  }

  async #adopt(key: string, file: string, bytes: number): Promise<void> {
    const left = await leftRecording(key, file);
    if (left && !(await this.#madeKnown(left))) return;
    await this.#options.uploader.adopt(key, file, bytes);
  }

  /**
   * The process that is gone may not have reached the index: without that nobody finds what it recorded. The log waits
   * for it, so that a process that is killed meanwhile leaves the next one as much.
   * @returns false when this process ends before
   */
  async #madeKnown(left: LeftRecording): Promise<boolean> {
    const { onLeft, log, resources } = this.#options;
    for (let tries = 1; !this.#isClosed; tries += 1) {
      try {
        await onLeft(left);
        return true;
      } catch (err) {
        const say = tries === 1 ? log.warn.bind(log) : log.debug.bind(log);
        say({ err, recordingId: left.begin.recording }, 'a recording is not in the index yet');
      }
      await resources.atMost(AGAIN_MS, this.#closed.promise);
    }
    return false;
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Folders without files; those with files stay. */
export async function removeEmpty(folder: string): Promise<void> {
  if ((await filesBelow(folder)).length === 0) await rm(folder, { recursive: true, force: true });
}

async function removeUnfinished(folder: string): Promise<void> {
  const madeAt = (await stat(folder).catch(() => undefined))?.mtimeMs;
  if (madeAt !== undefined && Date.now() - madeAt > UNFINISHED_MS) {
    await rm(folder, { recursive: true, force: true });
  }
}
