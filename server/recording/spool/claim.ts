// A folder of the spool and the one process that has it: by a file that it touches, and by a rename that only one wins.
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { codeOf, makeFolder } from '../stores/folders.ts';
import { StoreError } from '../stores/store.ts';

export const BEAT_MS = 5_000;
/** A process whose file stays untouched for so long is dead, or frozen, and loses its folder. Six beats. */
export const DEAD_AFTER_MS = 30_000;
/** A process that did not get to touch it for so long looks whether it still has its folder, before it writes. */
const UNSURE_AFTER_MS = 15_000;
const BEAT_FILE = 'heartbeat';
/** Folders that are being made. */
export const NEW_PREFIX = '.new-';
const ONLY_US = 0o700;

const Holder = v.object({ pid: v.number(), system: v.string() });

export class Claim {
  readonly folder: string;
  readonly #timer: Timer;
  #touchedAt = performance.now();
  #isLost = false;

  private constructor(folder: string, resources: Resources) {
    this.folder = folder;
    this.#timer = resources.every(BEAT_MS, () => void this.beat());
  }

  /** A new folder of our own below `root`. */
  static async make(root: string, resources: Resources): Promise<Claim> {
    const name = randomBytes(9).toString('hex');
    const draft = path.join(root, `${NEW_PREFIX}${name}`);
    await makeFolder(root, ONLY_US);
    await mkdir(draft, { mode: ONLY_US });
    await touch(draft);
    const folder = path.join(root, name);
    await rename(draft, folder);
    return new Claim(folder, resources);
  }

  /**
   * A folder whose process is dead, under a name of our own.
   * @returns undefined when another process was first
   */
  static async take(folder: string, resources: Resources): Promise<Claim | undefined> {
    const ours = path.join(path.dirname(folder), randomBytes(9).toString('hex'));
    try {
      // First, so that it does not look dead to a third process.
      await touch(folder);
      await rename(folder, ours);
      await touch(ours);
      return new Claim(ours, resources);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  get files(): string {
    return path.join(this.folder, 'files');
  }

  /** @throws StoreError when another process has taken the folder, thinking that this one is dead */
  async require(): Promise<void> {
    if (performance.now() - this.#touchedAt > UNSURE_AFTER_MS) await this.beat();
    if (!this.#isLost) return;
    throw new StoreError(
      'unwritable',
      `${this.folder} was taken over by another process, because this one did not move for ${DEAD_AFTER_MS / 1_000} s.`,
    );
  }

  /** What is still in the folder is for other processes, at once. */
  async release(): Promise<void> {
    this.#timer.close();
    if (this.#isLost) return;
    await rm(path.join(this.folder, BEAT_FILE), { force: true });
    await rmdir(this.files).catch(() => {});
    await rmdir(this.folder).catch(() => {});
  }

  /** Says that this process lives, and finds out whether it still has the folder. */
  async beat(): Promise<void> {
    const now = new Date();
    try {
      await utimes(path.join(this.folder, BEAT_FILE), now, now);
      this.#touchedAt = performance.now();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
      this.#isLost = true;
      this.#timer.close();
    }
  }
}

async function touch(folder: string): Promise<void> {
  await writeFile(
    path.join(folder, BEAT_FILE),
    JSON.stringify({ pid: process.pid, system: system() }),
    { mode: 0o600 },
  );
}

/** How long each folder's file has been as it is now, by our own clock: the machine's may be set meanwhile. */
export class DeathWatch {
  readonly #seen = new Map<string, { touchedAt: number; since: number }>();

  /** Whether the process that has the folder is dead. */
  async isDead(folder: string): Promise<boolean> {
    const file = path.join(folder, BEAT_FILE);
    let touchedAt: number;
    let text: string;
    try {
      touchedAt = (await stat(file)).mtimeMs;
      text = await readFile(file, 'utf8');
    } catch (error) {
      // It was released.
      return codeOf(error) === 'ENOENT';
    }
    if (isGone(text)) return true;
    const now = performance.now();
    const seen = this.#seen.get(folder);
    if (seen?.touchedAt !== touchedAt) this.#seen.set(folder, { touchedAt, since: now });
    return seen?.touchedAt === touchedAt && now - seen.since >= DEAD_AFTER_MS;
  }
}

/** Where pids mean the same as here: known at once. */
function isGone(text: string): boolean {
  let holder: v.InferOutput<typeof Holder>;
  try {
    holder = v.parse(Holder, JSON.parse(text));
  } catch {
    return false;
  }
  if (holder.system !== system() || holder.system === '') return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/** The boot of the machine and the namespace of pids; '' where that is not known. */
function system(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
