// Recordings in a folder: whole files only, durable when a write has been answered.
import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, makeFolder, nearestExisting, syncFolder } from './folders.ts';
import { checkKey, compareKeys, OWN_FOLDER } from './keys.ts';
import type { ByteRange, Content, RecordStore, StoredObject } from './store.ts';
import { StoreError } from './store.ts';
import { fileTrouble } from './trouble.ts';

/** Folders that are deleted by one process while another writes into them are made again. */
const FOLDER_TRIES = 5;
/** A draft that is older was left by a process that was killed. */
const DRAFT_AGE_MS = 24 * 60 * 60 * 1_000;
const { O_RDONLY, O_NOFOLLOW = 0 } = constants;

export class DiskStore implements RecordStore {
  readonly place: string;
  readonly #root: string;
  /** The same without symbolic links, as soon as the folder is there. */
  #real: string | undefined;
  #tidied = false;

  /** @param root absolute path; the folder is made when it is first written to */
  constructor(root: string) {
    this.#root = path.resolve(root);
    this.place = this.#root;
  }

  async *list(prefix: string, { after }: { after?: string } = {}): AsyncIterable<StoredObject> {
    yield* this.#walk('', prefix, after);
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const file = this.#fileOf(key);
    try {
      await this.#refuseLinks(key);
      const found = await lstat(file);
      if (!found.isFile()) return undefined;
      return { key, bytes: found.size, modifiedAt: Math.floor(found.mtimeMs) };
    } catch (error) {
      const trouble = fileTrouble(`${file} cannot be looked at`, error);
      if (trouble.code === 'missing') return undefined;
      throw trouble;
    }
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const file = this.#fileOf(key);
    let handle: FileHandle | undefined;
    try {
      await this.#refuseLinks(key);
      handle = await open(file, O_RDONLY | O_NOFOLLOW);
      if (!(await handle.stat()).isFile()) {
        throw new StoreError('missing', `${file} is not a file.`);
      }
      if (range && range.last < range.first) {
        await handle.close();
        return Readable.from([]);
      }
      return handle.createReadStream(range ? { start: range.first, end: range.last } : {});
    } catch (error) {
      await handle?.close();
      throw fileTrouble(`${file} cannot be read`, error);
    }
  }

  async write(
    key: string,
    content: Content,
    { signal }: { type?: string; signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#put(key, signal, async (draft) => {
      if ('bytes' in content) {
        await draft.writeFile(content.bytes);
        return;
      }
      const source = await open(content.file, O_RDONLY);
      await copyInto(draft, source.createReadStream(), signal);
    });
  }

  async join(
    key: string,
    parts: readonly string[],
    { signal }: { type?: string; signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#put(key, signal, async (draft) => {
      for (const part of parts) await copyInto(draft, await this.read(part), signal);
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const file = this.#fileOf(key);
      try {
        await this.#refuseLinks(key);
        await unlink(file);
        await this.#removeEmptyFolders(path.dirname(file));
      } catch (error) {
        const trouble = fileTrouble(`${file} cannot be deleted`, error);
        if (trouble.code !== 'missing') throw trouble;
      }
    }
  }

  /** Writes and removes a file: rights do not suffice, for the disk may be full or read-only. */
  async check(): Promise<void> {
    const key = `check-${randomBytes(8).toString('hex')}`;
    await this.write(key, { bytes: Buffer.from('Parley looks whether it can write here.\n') });
    await this.delete([key]);
  }

  /** Bytes that this user may still write. @throws StoreError */
  async freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(await nearestExisting(this.#root));
      return bavail * bsize;
    } catch (error) {
      throw fileTrouble(`The free space of ${this.#root} cannot be read`, error);
    }
  }

  /** Where the file is, its folder being made: for what is appended in place. @throws StoreError */
  async localFile(key: string): Promise<string> {
    const file = this.#fileOf(key);
    try {
      await makeFolder(path.dirname(file));
      await this.#refuseLinks(key);
      return file;
    } catch (error) {
      throw fileTrouble(`The folder ${path.dirname(file)} cannot be written`, error);
    }
  }

  async close(): Promise<void> {}

  async #put(
    key: string,
    signal: AbortSignal | undefined,
    fill: (draft: FileHandle) => Promise<void>,
  ): Promise<void> {
    signal?.throwIfAborted();
    const file = this.#fileOf(key);
    const drafts = path.join(this.#root, OWN_FOLDER, 'drafts');
    const draft = path.join(drafts, randomBytes(12).toString('hex'));
    try {
      await makeFolder(drafts);
      await this.#tidy(drafts);
      const handle = await open(draft, 'wx');
      try {
        await fill(handle);
        await handle.sync();
      } finally {
        await handle.close();
      }
      signal?.throwIfAborted();
      await this.#publish(draft, key, file);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      if (signal?.aborted) throw error;
      throw fileTrouble(`${file} cannot be written`, error);
    }
  }

  async #publish(draft: string, key: string, file: string): Promise<void> {
    const folder = path.dirname(file);
    for (let tries = 1; ; tries++) {
      try {
        await makeFolder(folder);
        await this.#refuseLinks(key);
        await rename(draft, file);
        await syncFolder(folder);
        return;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || tries >= FOLDER_TRIES) throw error;
      }
    }
  }

  #fileOf(key: string): string {
    checkKey(key);
    return path.join(this.#root, ...key.split('/'));
  }

  /** A link in the folder could lead anywhere on this machine. @throws StoreError, ENOENT */
  async #refuseLinks(key: string): Promise<void> {
    this.#real ??= await realpath(this.#root);
    const expected = path.dirname(path.join(this.#real, ...key.split('/')));
    if ((await realpath(expected)) === expected) return;
    throw new StoreError(
      'missing',
      `${expected} is behind a symbolic link, which Parley does not follow inside RECORD_DIR.`,
    );
  }

  async *#walk(
    folder: string,
    prefix: string,
    after: string | undefined,
  ): AsyncGenerator<StoredObject> {
    for (const { key, isFolder } of await this.#entries(folder)) {
      if (isFolder) {
        const isIn = key.startsWith(prefix) || prefix.startsWith(key);
        const isOver = after !== undefined && !after.startsWith(key) && compareKeys(key, after) < 0;
        if (isIn && !isOver) yield* this.#walk(key, prefix, after);
        continue;
      }
      if (!key.startsWith(prefix)) continue;
      if (after !== undefined && compareKeys(key, after) <= 0) continue;
      const found = await this.stat(key);
      if (found) yield found;
    }
  }

  /** Folders end with a slash, which is their place in the order of keys. */
  async #entries(folder: string): Promise<{ key: string; isFolder: boolean }[]> {
    const place = path.join(this.#root, ...folder.split('/'));
    let entries: Dirent[];
    try {
      entries = await readdir(place, { withFileTypes: true });
    } catch (error) {
      const trouble = fileTrouble(`The folder ${place} cannot be read`, error);
      if (trouble.code === 'missing') return [];
      throw trouble;
    }
    return entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .filter((entry) => folder !== '' || entry.name !== OWN_FOLDER)
      .map((entry) => {
        const isFolder = entry.isDirectory();
        return { key: `${folder}${entry.name}${isFolder ? '/' : ''}`, isFolder };
      })
      .sort((a, b) => compareKeys(a.key, b.key));
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let at = folder; at !== this.#root; at = path.dirname(at)) {
      try {
        await rmdir(at);
      } catch {
        // Other files are in it, or were put there meanwhile.
        return;
      }
    }
  }

  async #tidy(drafts: string): Promise<void> {
    if (this.#tidied) return;
    this.#tidied = true;
    for (const name of await readdir(drafts)) {
      const file = path.join(drafts, name);
      const modifiedAt = (await stat(file).catch(() => undefined))?.mtimeMs;
      if (modifiedAt !== undefined && Date.now() - modifiedAt > DRAFT_AGE_MS) {
        await rm(file, { force: true });
      }
    }
  }
}

async function copyInto(
  draft: FileHandle,
  source: Readable,
  signal: AbortSignal | undefined,
): Promise<void> {
  const into = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) await draft.writeFile(chunk);
  };
  await pipeline(source, into, signal ? { signal } : {});
}
