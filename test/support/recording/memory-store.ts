// A store of recordings in memory, for tests of what is built on one. It counts what it is asked, and fails on demand.
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  type ByteRange,
  type Content,
  type RecordStore,
  type StoredObject,
  StoreError,
} from '../../../server/recording/stores/store.ts';

/** Bytes of one chunk of a stream. */
const CHUNK = 16_384;

export type Operation = 'list' | 'stat' | 'read' | 'write' | 'delete';

export class MemoryStore implements RecordStore {
  readonly place = 'memory';
  readonly objects = new Map<string, { bytes: Buffer; modifiedAt: number }>();
  readonly asked: Record<Operation, number> = { list: 0, stat: 0, read: 0, write: 0, delete: 0 };
  /** Streams that are not closed yet. */
  openStreams = 0;
  /** Chunks that any reader has taken. */
  chunksRead = 0;
  /** Called before each operation: what it throws, the operation throws. */
  before: (operation: Operation, key: string) => void | Promise<void> = () => {};
  #writes = 0;

  /** Puts an object in, without being asked. */
  put(key: string, content: Buffer | string): void {
    this.#writes += 1;
    const bytes = Buffer.from(content);
    this.objects.set(key, { bytes, modifiedAt: 1_790_000_000_000 + this.#writes * 1_000 });
  }

  async *list(prefix: string, { after = '' } = {}): AsyncGenerator<StoredObject> {
    await this.#ask('list', prefix);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after);
    for (const key of keys.sort()) {
      const object = await this.#find(key);
      if (object) yield object;
    }
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    await this.#ask('stat', key);
    return this.#find(key);
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    await this.#ask('read', key);
    const object = this.objects.get(key);
    if (!object) throw new StoreError('missing', `${key} is not there`);
    const bytes = range ? object.bytes.subarray(range.first, range.last + 1) : object.bytes;
    this.openStreams += 1;
    let at = 0;
    const stream = new Readable({
      highWaterMark: CHUNK,
      read: () => {
        const chunk = bytes.subarray(at, at + CHUNK);
        at += chunk.length;
        this.chunksRead += 1;
        stream.push(chunk.length > 0 ? chunk : null);
      },
    });
    stream.once('close', () => {
      this.openStreams -= 1;
    });
    return stream;
  }

  async write(key: string, content: Content): Promise<void> {
    await this.#ask('write', key);
    this.put(key, 'bytes' in content ? content.bytes : await readFile(content.file));
  }

  async join(key: string, parts: readonly string[]): Promise<void> {
    this.put(
      key,
      Buffer.concat(parts.map((part) => this.objects.get(part)?.bytes ?? Buffer.alloc(0))),
    );
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await this.#ask('delete', key);
      this.objects.delete(key);
    }
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}

  async #find(key: string): Promise<StoredObject | undefined> {
    const object = this.objects.get(key);
    return object && { key, bytes: object.bytes.length, modifiedAt: object.modifiedAt };
  }

  async #ask(operation: Operation, key: string): Promise<void> {
    this.asked[operation] += 1;
    await this.before(operation, key);
  }
}
