// The seam between recordings and the place where they are kept: a folder or an S3-compatible store.
import type { Readable } from 'node:stream';

export interface StoredObject {
  /** Path below the store's root, with slashes: no part of it is empty, `.` or `..`. */
  key: string;
  bytes: number;
  /** UTC milliseconds. */
  modifiedAt: number;
}

/** First byte and last byte, both included, as in HTTP. */
export interface ByteRange {
  first: number;
  last: number;
}

/** What is to be written: bytes, or a file of this machine. */
export type Content = { readonly bytes: Buffer } | { readonly file: string };

/**
 * Every method throws a StoreError, whose code says what an operator can do. What has been answered has happened, and
 * is durable.
 */
export interface RecordStore {
  /** For the log and for `parley doctor`: where it is, without secrets. */
  readonly place: string;
  /** In the order of their keys. @param after lists keys after this one */
  list(prefix: string, options?: { after?: string }): AsyncIterable<StoredObject>;
  /** @returns undefined when there is no such object */
  stat(key: string): Promise<StoredObject | undefined>;
  /** @throws StoreError `missing` */
  read(key: string, range?: ByteRange): Promise<Readable>;
  /** Whole or not at all. The store has confirmed the checksum of what it has. Replaces what was there. */
  write(
    key: string,
    content: Content,
    options?: { type?: string; signal?: AbortSignal },
  ): Promise<void>;
  /**
   * Joins objects, in this order, to one: whole or not at all, its checksum confirmed. The parts stay.
   */
  join(
    key: string,
    parts: readonly string[],
    options?: { type?: string; signal?: AbortSignal },
  ): Promise<void>;
  /** Idempotent. */
  delete(keys: readonly string[]): Promise<void>;
  /** Whether it can be written at the moment. @throws StoreError */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `unreachable`, `failing` (5xx, timeouts), `full`, `denied` (keys or rights), `clock`, `no_bucket`, `unwritable`,
 * `missing` (no such object), `corrupt` (a checksum differs).
 */
export type StoreProblem =
  | 'unreachable'
  | 'failing'
  | 'full'
  | 'denied'
  | 'clock'
  | 'no_bucket'
  | 'unwritable'
  | 'missing'
  | 'corrupt';

export class StoreError extends Error {
  readonly code: StoreProblem;

  /** @param message what happened, why, and what to do: for the operator */
  constructor(code: StoreProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }

  /** Whether it may succeed later without a change of the configuration. */
  get isPassing(): boolean {
    return this.code === 'unreachable' || this.code === 'failing' || this.code === 'full';
  }
}
