// One recording that this recorder takes part in: its folder, its log, and the files of its tracks.
import type { Logger } from '../../telemetry/log.ts';
import { logKey, trackKey } from '../catalog/keys.ts';
import { lineText, type ManifestLine } from '../manifest/lines.ts';
import type { GrowingFile } from '../spool/growing-file.ts';
import type { Spool } from '../spool/spool.ts';
import type { RecordingKey } from './messages.ts';

export interface OpenRecordingOptions {
  recording: RecordingKey;
  /** The media node beside this recorder. */
  node: string;
  spool: Spool;
  /** The folder of the recording in the store. */
  folder: string;
  /** Resolves when the index names it: without that nobody finds what is stored. */
  indexed: Promise<void>;
  /** The name of this log: no other one has it. */
  writer: string;
  log: Logger;
}

/** Lines are written together after this. */
const FLUSH_MS = 200;
/** A log that cannot be written is not kept in memory without end. */
const MAX_WAITING_LINES = 20_000;

export class OpenRecording {
  readonly #options: OpenRecordingOptions;
  readonly #closings = new Set<Promise<void>>();
  #file: GrowingFile | undefined;
  #lines: string[] = [];
  #flushing: Promise<void> | undefined;
  #files = 0;
  #closed = false;

  constructor(options: OpenRecordingOptions) {
    this.#options = options;
    const { id, room, startedAt } = options.recording;
    const { writer, node } = options;
    const begins = { recording: id, room, startedAt, writer, node };
    this.line({ type: 'begin', at: Date.now(), format: 1, ...begins });
  }

  line(line: ManifestLine): void {
    if (this.#closed || this.#lines.length >= MAX_WAITING_LINES) return;
    this.#lines.push(lineText(line));
    this.#flushing ??= this.#flushSoon();
  }

  /** The name of one more file of this recording. @param about what tells it apart for people */
  nextName(about: string, extension: string): string {
    this.#files += 1;
    const number = String(this.#files).padStart(4, '0');
    return `${about}-${this.#options.writer}-${number}.${extension}`;
  }

  /** @throws StoreError */
  openFile(name: string): Promise<GrowingFile> {
    const { spool, folder } = this.#options;
    return spool.file(trackKey(folder, name));
  }

  /** Nothing is appended to it any more. */
  closeFile(file: GrowingFile): void {
    const closing = file
      .close()
      .catch((err) => {
        this.#options.log.warn({ err, file: file.key }, 'a file is not in the store yet');
      })
      .finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  /** Resolves when all of it is in the store, or cannot be brought there now. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.line({ type: 'close', at: Date.now(), writer: this.#options.writer });
    this.#closed = true;
    await this.#flushing;
    if (this.#file) this.closeFile(this.#file);
    await Promise.all(this.#closings);
    await this.#options.indexed;
    await this.#options.spool.stored(`${this.#options.folder}/`);
  }

  async #flushSoon(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    const { spool, folder, writer, log } = this.#options;
    try {
      while (this.#lines.length > 0) {
        this.#file ??= await spool.file(logKey(folder, writer));
        const text = this.#lines.splice(0).join('');
        await this.#file.append(Buffer.from(text));
      }
    } catch (err) {
      log.error({ err, recordingId: this.#options.recording.id }, 'a manifest cannot be written');
    } finally {
      this.#flushing = undefined;
    }
  }
}
