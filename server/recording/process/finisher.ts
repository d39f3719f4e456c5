// Puts the files of a recording in order when it is over: joined, merged to one manifest, and listed in the index.
import { text } from 'node:stream/consumers';
import type { Logger } from '../../telemetry/log.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { newEntry } from '../catalog/entry.ts';
import type { FilmPayload } from '../catalog/film-job.ts';
import { manifestKey, trackKey } from '../catalog/keys.ts';
import { WantedFilms } from '../catalog/wanted-films.ts';
import { gapsOf } from '../manifest/gaps.ts';
import { lineText, type ManifestLine, readLines } from '../manifest/lines.ts';
import { type FoundFile, mergeLogs } from '../manifest/merge.ts';
import { summaryOf } from '../manifest/summary.ts';
import { DurationReader } from '../media/muxer/duration-reader.ts';
import { composeParts } from '../spool/compose.ts';
import type { RecordStore } from '../stores/store.ts';
import type { FinishOutcome, RecordingKey } from './messages.ts';

export interface FinisherOptions {
  store: RecordStore;
  catalog: Catalog;
  keyTemplate: string;
  /** Films that are made of each recording: see `finishKind`, which orders them. */
  films: readonly FilmPayload['order'][];
  log: Logger;
}

/** A log without an end that nobody has written to for this long: its recorder is gone. */
const SILENT_MS = 20_000;

export class Finisher {
  readonly #options: FinisherOptions;

  constructor(options: FinisherOptions) {
    this.#options = options;
  }

  /** Idempotent; two may do it at once. @throws StoreError */
  async finish(recording: RecordingKey): Promise<FinishOutcome> {
    const { store, catalog, keyTemplate, log } = this.#options;
    if (await this.#isRemoved(recording)) return { is: 'done', isNew: false };
    const known = await catalog.get(recording.id, recording.room);
    const entry = known ?? newEntry(recording, keyTemplate);
    const { folder } = entry;
    if (known?.state === 'ready' && !(await this.#hasMore(folder))) {
      return { is: 'done', isNew: false };
    }
    if (await this.#isWritten(folder)) return { is: 'writing' };
    const { left } = await composeParts(store, folder);
    if (left > 0) log.warn({ recordingId: recording.id, left }, 'a recording has a hole');
    const logs = await this.#logs(folder);
    const sizes = await this.#sizes(folder);
    const merged = mergeLogs(logs, await this.#lost(folder, logs, sizes));
    const lines = mergeLogs([merged, gapsOf(merged)]);
    await store.write(
      manifestKey(folder),
      { bytes: Buffer.from(lines.map(lineText).join('')) },
      { type: 'application/jsonl' },
    );
    // Before it is ready: whatever dies in between, a worker finds that they are wanted.
    const wanted = new WantedFilms(store);
    for (const order of this.#options.films) {
      await wanted.add({ recording: recording.id, room: recording.room, order });
    }
    const isKept = await catalog.finish({ ...entry, ...summaryOf(lines, sizes), state: 'ready' });
    if (isKept)
      log.info({ room: recording.room, recordingId: recording.id }, 'a recording is ready');
    // What was put in order meanwhile goes as well.
    else await this.#isRemoved(recording);
    return { is: 'done', isNew: isKept };
  }

  /** Whether it was deleted before it was ready. Then what has come since is deleted too. */
  async #isRemoved({ id, room }: RecordingKey): Promise<boolean> {
    const { catalog } = this.#options;
    if (!(await catalog.getRemoving(id, room))) return false;
    await catalog.remove(id, room);
    return true;
  }

  /** Whether there is something that is newer than its manifest: from a machine that came back, for example. */
  async #hasMore(folder: string): Promise<boolean> {
    const { store } = this.#options;
    const manifest = await store.stat(manifestKey(folder));
    if (!manifest) return true;
    for await (const { key, modifiedAt } of store.list(`${folder}/`)) {
      const isTold = /^(tracks|log|parts)\//.test(key.slice(folder.length + 1));
      if (isTold && modifiedAt > manifest.modifiedAt) return true;
    }
    return false;
  }

  /** What is in the files whose recorders did not live to say so. */
  async #lost(
    folder: string,
    logs: readonly (readonly ManifestLine[])[],
    sizes: ReadonlyMap<string, number>,
  ): Promise<Map<string, FoundFile>> {
    const ended = new Set(
      logs
        .flat()
        .flatMap((line) => (line.type === 'end' && line.why !== 'lost' ? line.segment : [])),
    );
    const found = new Map<string, FoundFile>();
    for (const [name, bytes] of sizes) {
      if (ended.has(name)) continue;
      const reader = new DurationReader();
      const stream = await this.#options.store.read(trackKey(folder, name));
      for await (const chunk of stream) reader.push(chunk);
      found.set(name, { durationMs: reader.durationMs, bytes });
    }
    return found;
  }

  /** Whether a recorder may still write to it. */
  async #isWritten(folder: string): Promise<boolean> {
    const { store } = this.#options;
    const since = Date.now() - SILENT_MS;
    for await (const { key, modifiedAt } of store.list(`${folder}/`)) {
      const isOfLog = key.startsWith(`${folder}/log/`) || key.startsWith(`${folder}/parts/log~`);
      if (!isOfLog || modifiedAt < since) continue;
      const isWhole = key.startsWith(`${folder}/log/`) && (await this.#isClosed(key));
      if (!isWhole) return true;
    }
    return false;
  }

  async #isClosed(key: string): Promise<boolean> {
    return (await this.#lines(key)).at(-1)?.type === 'close';
  }

  async #logs(folder: string): Promise<ManifestLine[][]> {
    const logs: ManifestLine[][] = [];
    for await (const { key } of this.#options.store.list(`${folder}/log/`)) {
      logs.push(await this.#lines(key));
    }
    return logs;
  }

  async #lines(key: string): Promise<ManifestLine[]> {
    return readLines(await text(await this.#options.store.read(key)));
  }

  /** Bytes of each file of a track, by its name. */
  async #sizes(folder: string): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    const prefix = `${folder}/tracks/`;
    for await (const { key, bytes } of this.#options.store.list(prefix)) {
      sizes.set(key.slice(prefix.length), bytes);
    }
    return sizes;
  }
}
