// A room as its recording needs it: its state, kept up to date from the store, and what happens in it as lines.
import type { RoomOp, RoomPatch } from '../../../shared/room/operations.ts';
import type { Participant, Track } from '../../../shared/room/room.ts';
import type { Closer, RoomStore } from '../../cluster/cluster.ts';
import type { ManifestLine } from '../../recording/manifest/lines.ts';
import { Roster } from '../../room/roster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';

export interface FollowedRoomOptions {
  room: string;
  store: Pick<RoomStore, 'subscribe' | 'snapshot'>;
  /** Whether the chat is written down. */
  chat: boolean;
  chatHistory: number;
  onLine(line: ManifestLine): void;
  /** Whether it is recorded, or who is in it, or what they share may be different now. */
  onChange(): void;
  resources: Resources;
  log: Logger;
}

/** While the store is away, what is recorded goes on as it was. */
const READ_AGAIN = { firstMs: 500, maxMs: 5_000 };

export class FollowedRoom {
  readonly #options: FollowedRoomOptions;
  readonly #retry: Retry;
  #roster: Roster | undefined;
  #subscription: Closer | undefined;
  #isReading = false;
  /** The store has said that there is no such room. */
  #isGone = false;
  #closed = false;

  constructor(options: FollowedRoomOptions) {
    this.#options = options;
    this.#retry = new Retry({ ...READ_AGAIN, resources: options.resources });
  }

  /** Undefined before it is known. */
  get roster(): Roster | undefined {
    return this.#roster;
  }

  get isGone(): boolean {
    return this.#isGone || this.#roster?.count === 0;
  }

  /** Never rejects: what fails is tried again. */
  async open(): Promise<void> {
    const { store, room, log } = this.#options;
    try {
      this.#subscription = await store.subscribe(room, (patch) => this.#onPatch(patch));
      if (this.#closed) await this.#subscription.close();
      else await this.#read();
    } catch (err) {
      log.debug({ err, room }, 'a recorded room cannot be followed yet');
      if (!this.#closed) this.#retry.later(() => void this.open());
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry.reset();
    this.#subscription
      ?.close()
      .catch((err) => this.#options.log.debug({ err }, 'a subscription did not close'));
  }

  #onPatch(patch: RoomPatch): void {
    const roster = this.#roster;
    if (!roster || this.#closed) return;
    const { chatHistory } = this.#options;
    if (roster.apply(patch, { chatHistory })) {
      for (const op of patch.ops) this.#tell(op, patch.version);
      this.#options.onChange();
    } else if (patch.version > roster.version) void this.#read();
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#closed) return;
    this.#isReading = true;
    try {
      const { store, room } = this.#options;
      const snapshot = await store.snapshot(room);
      if (this.#closed) return;
      this.#isGone = snapshot === undefined;
      if (snapshot) {
        this.#roster = new Roster(snapshot);
        // Restated: whoever reads the log needs no other one.
        for (const participant of snapshot.participants)
          this.#joined(participant, snapshot.version);
        for (const track of snapshot.tracks) this.#published(track, snapshot.version);
      }
      this.#retry.reset();
      this.#options.onChange();
    } catch (err) {
      this.#options.log.debug({ err }, 'a recorded room cannot be read yet');
      this.#retry.later(() => void this.#read());
    } finally {
      this.#isReading = false;
    }
  }

  #tell(op: RoomOp, version: number): void {
    const { onLine, chat } = this.#options;
    const at = Date.now();
    switch (op.op) {
      case 'join':
        this.#joined(op.participant, version);
        return;
      case 'publish':
        this.#published(op.track, version);
        return;
      case 'chat': {
        const { id, participantId, name, text } = op.message;
        if (chat) onLine({ type: 'chat', at, version, id, participantId, name, text });
        return;
      }
      default: {
        const line = lineOf(op);
        if (line) onLine({ ...line, at, version });
      }
    }
  }

  #joined({ id, name, role, consent }: Participant, version: number): void {
    const { onLine } = this.#options;
    const at = Date.now();
    onLine({ type: 'joined', at, version, participantId: id, name, role });
    if (consent !== undefined) {
      onLine({ type: 'consent', at, version, participantId: id, consent });
    }
  }

  #published({ id: trackId, participantId, kind, source, muted }: Track, version: number): void {
    const what = { trackId, participantId, kind, source, muted };
    this.#options.onLine({ type: 'published', at: Date.now(), version, ...what });
  }
}

type VersionedLine = Extract<ManifestLine, { version: number }>;
type Told = VersionedLine extends infer Line
  ? Line extends VersionedLine
    ? Omit<Line, 'at' | 'version'>
    : never
  : never;
type Simple = Exclude<RoomOp, { op: 'join' | 'publish' | 'chat' }>;

/** @returns undefined for what a recording does not need */
function lineOf(op: Simple): Told | undefined {
  switch (op.op) {
    case 'leave':
      return { type: 'left', participantId: op.participantId };
    case 'unpublish':
      return { type: 'unpublished', trackId: op.trackId };
    case 'mute':
      return { type: 'muted', trackId: op.trackId, muted: op.muted };
    case 'consent':
      return { type: 'consent', participantId: op.participantId, consent: op.consent };
    case 'pauseRecording':
      return { type: 'paused', paused: op.paused };
    case 'stopRecording':
      return { type: 'stopped' };
    case 'record':
    case 'recordingTrouble':
    case 'presence':
      return undefined;
  }
}
