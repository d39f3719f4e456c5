// The recorder: takes packets from its media node by UDP, and orders by messages; writes tracks and logs.
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import * as v from 'valibot';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { type IndexEntry, newEntry } from '../catalog/entry.ts';
import type { StreamLimits } from '../media/track-stream.ts';
import type { Spool } from '../spool/spool.ts';
import { StoreError } from '../stores/store.ts';
import type { Finisher } from './finisher.ts';
import type { Housekeeper } from './housekeeper.ts';
import { type FromRecorder, type RecordingKey, ToRecorder } from './messages.ts';
import { OpenRecording } from './open-recording.ts';
import { TrackWriter } from './track-writer.ts';

export interface RecorderOptions {
  spool: Spool;
  catalog: Catalog;
  finisher: Finisher;
  housekeeper: Pick<Housekeeper, 'close'>;
  /** RECORD_KEY_TEMPLATE. */
  keyTemplate: string;
  limits: StreamLimits;
  /** No recording begins while all of them together have more than this. Undefined: any number. */
  quotaBytes: number | undefined;
  say(message: FromRecorder): void;
  resources: Resources;
  log: Logger;
}

const LOOPBACK = '127.0.0.1';
/** What the kernel keeps while this process is busy: half a second of fifty tracks. */
const RECEIVE_BUFFER_BYTES = 8_388_608;
/** How often streams are told the time: they write a cluster a second. */
const TICK_MS = 200;
const STATE_MS = 1_000;
/** The index is written again after this, while the store does not take it. */
const BEGIN_AGAIN_MS = 5_000;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #socket: Socket;
  readonly #timers: readonly Timer[];
  /** In logs and names of files: no two processes have the same. */
  readonly #writer = `w${randomBytes(6).toString('hex')}`;
  readonly #recordings = new Map<string, OpenRecording>();
  readonly #tracks = new Map<string, TrackWriter>();
  readonly #byPort = new Map<number, TrackWriter>();
  readonly #ending = new Set<Promise<void>>();
  #logs = 0;
  #recordedBytes = 0;
  #lostPackets = 0;
  #quotaProblem: StoreError | undefined;
  #closed = false;

  private constructor(options: RecorderOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (datagram, from) => this.#onPacket(datagram, from));
    socket.on('error', (err) => options.log.error({ err }, 'packets cannot be received'));
    this.#timers = [
      options.resources.every(TICK_MS, () => {
        const now = utcNow();
        for (const track of this.#tracks.values()) track.tick(now);
      }),
      options.resources.every(STATE_MS, () => this.#sayState()),
    ];
  }

  /** @throws Error when no UDP port can be had */
  static async start(options: RecorderOptions): Promise<Recorder> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('error', reject);
    socket.bind(0, LOOPBACK, resolve);
    await promise;
    socket.off('error', reject);
    const recorder = new Recorder(options, socket);
    options.say({ say: 'ready', port: socket.address().port });
    return recorder;
  }

  /** An order of the media node, as it came. */
  receive(message: unknown): void {
    const parsed = v.safeParse(ToRecorder, message);
    if (!parsed.success) {
      this.#options.log.warn({ issues: parsed.issues.length }, 'the media node said something odd');
      return;
    }
    const order = parsed.output;
    switch (order.do) {
      case 'begin':
        this.#begin(order.recording, order.node);
        return;
      case 'line':
        this.#recordings.get(order.recordingId)?.line(order.line);
        return;
      case 'track':
        this.#track(order.track);
        return;
      case 'untrack':
        this.#untrack(order.key, order.why);
        return;
      case 'end':
        void this.#end(order.recordingId);
        return;
      case 'listUnfinished':
        void this.#listUnfinished(order.request);
        return;
      case 'finish':
        void this.#finish(order.request, order.recording);
    }
  }

  /** Ends every segment, and brings what there is into the store, for `withinMs` at most. Idempotent. */
  async close(withinMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) timer.close();
    this.#options.housekeeper.close();
    this.#socket.close();
    for (const key of [...this.#tracks.keys()]) this.#untrack(key, 'recorder_closed');
    const ending = [...this.#recordings.keys()].map((id) => this.#end(id));
    await this.#options.resources.atMost(withinMs, Promise.all([...ending, ...this.#ending]));
    await this.#options.spool.close({ withinMs });
  }

  #onPacket(datagram: Buffer, { address, port }: RemoteInfo): void {
    if (address !== LOOPBACK) return;
    this.#byPort.get(port)?.receive(datagram, utcNow());
  }

  #begin(recording: RecordingKey, node: string): void {
    if (this.#recordings.has(recording.id) || this.#closed) return;
    const { spool, keyTemplate, log } = this.#options;
    this.#logs += 1;
    const entry = newEntry(recording, keyTemplate);
    const open = new OpenRecording({
      ...{ recording, node, spool, log },
      folder: entry.folder,
      indexed: this.#writeIndex(entry),
      writer: `${this.#writer}-${this.#logs}`,
    });
    this.#recordings.set(recording.id, open);
    void this.#checkQuota();
  }

  /**
   * The recording is not listed until the entry is written. Its files are stored all the same.
   * Resolves when it is, or when this recorder is told to end.
   */
  async #writeIndex(entry: IndexEntry): Promise<void> {
    const { catalog, log, resources } = this.#options;
    for (let tries = 1; ; tries += 1) {
      try {
        await catalog.begin(entry);
        return;
      } catch (err) {
        const say = tries === 1 ? log.warn.bind(log) : log.debug.bind(log);
        say({ err, recordingId: entry.id }, 'a recording is not in the index yet');
      }
      if (this.#closed) return;
      await resources.wait(BEGIN_AGAIN_MS);
    }
  }

  async #checkQuota(): Promise<void> {
    const { quotaBytes, catalog, log } = this.#options;
    if (quotaBytes === undefined) return;
    try {
      const total = await catalog.totalBytes();
      const isOver = total >= quotaBytes;
      this.#quotaProblem = isOver
        ? new StoreError(
            'full',
            `All recordings together have ${total} bytes, and RECORD_QUOTA_MB allows ${quotaBytes}. Delete some, or raise it: nothing is recorded until then.`,
          )
        : undefined;
      if (this.#quotaProblem) log.error(this.#quotaProblem.message);
    } catch (err) {
      log.debug({ err }, 'it is not known how much room recordings take');
    }
  }

  #track(info: Extract<ToRecorder, { do: 'track' }>['track']): void {
    const recording = this.#recordings.get(info.recordingId);
    const { say, limits, log } = this.#options;
    if (!recording || this.#tracks.has(info.key) || this.#closed) return;
    try {
      const track = new TrackWriter({
        ...{ info, recording, limits, log },
        mayOpen: () => this.#quotaProblem === undefined,
        requestKeyFrame: () => say({ say: 'keyframe', key: info.key }),
        onWritten: (bytes) => {
          this.#recordedBytes += bytes;
        },
        onLost: (packets) => {
          this.#lostPackets += packets;
        },
      });
      this.#tracks.set(info.key, track);
      this.#byPort.set(info.port, track);
    } catch (err) {
      log.warn({ err, trackId: info.trackId }, 'a track cannot be recorded');
    }
    say({ say: 'tracked', key: info.key });
  }

  #untrack(key: string, why: Extract<ToRecorder, { do: 'untrack' }>['why']): void {
    const track = this.#tracks.get(key);
    if (!track) return;
    this.#tracks.delete(key);
    if (this.#byPort.get(track.port) === track) this.#byPort.delete(track.port);
    track.close(why, utcNow());
  }

  async #end(recordingId: string): Promise<void> {
    const recording = this.#recordings.get(recordingId);
    if (!recording) return;
    this.#recordings.delete(recordingId);
    for (const [key, track] of this.#tracks) {
      if (track.recordingId === recordingId) this.#untrack(key, 'stopped');
    }
    const ended = recording.close().then(
      () => this.#options.say({ say: 'ended', recordingId }),
      (err) => this.#options.log.error({ err, recordingId }, 'a recording did not end'),
    );
    this.#ending.add(ended);
    await ended;
    this.#ending.delete(ended);
  }

  async #listUnfinished(request: number): Promise<void> {
    const { catalog, say, log } = this.#options;
    try {
      const found = await catalog.unfinished();
      const recordings = found.map(({ id, room, startedAt }) => ({ id, room, startedAt }));
      say({ say: 'unfinished', request, recordings });
    } catch (err) {
      log.debug({ err }, 'unfinished recordings cannot be listed');
      say({ say: 'unfinished', request, recordings: [] });
    }
  }

  async #finish(request: number, recording: RecordingKey): Promise<void> {
    const { finisher, say, log } = this.#options;
    const isWriting = this.#recordings.has(recording.id);
    try {
      const outcome = isWriting ? ({ is: 'writing' } as const) : await finisher.finish(recording);
      say({ say: 'finished', request, outcome });
    } catch (err) {
      log.warn({ err, recordingId: recording.id }, 'a recording could not be finished');
      const problem = err instanceof Error ? err.message : String(err);
      say({ say: 'finished', request, outcome: { is: 'failed', problem } });
    }
  }

  #sayState(): void {
    const { spool, say } = this.#options;
    const { waitingBytes, oldestWaitingMs, lastProblem } = spool.state();
    const losing = this.#quotaProblem ?? this.#writeProblem;
    const problem = losing ?? lastProblem;
    say({
      say: 'state',
      state: {
        tracks: this.#tracks.size,
        waitingBytes,
        waitingMs: oldestWaitingMs,
        recordedBytes: this.#recordedBytes,
        lostPackets: this.#lostPackets,
        problem: problem
          ? { code: problem.code, message: problem.message, isLosing: losing !== undefined }
          : null,
      },
    });
  }

  get #writeProblem(): StoreError | undefined {
    for (const { problem } of this.#tracks.values()) if (problem) return problem;
    return undefined;
  }
}

/** UTC milliseconds, with fractions: packets of one millisecond keep their distance. */
function utcNow(): number {
  return performance.timeOrigin + performance.now();
}
