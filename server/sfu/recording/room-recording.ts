// The part of one room's recording that this node does: the tracks whose participants are connected here.
import type { RecordingTrouble } from '../../../shared/room/room.ts';
import type { RoomStore } from '../../cluster/cluster.ts';
import type { ManifestLine } from '../../recording/manifest/lines.ts';
import type { RecordingKey, SegmentEnd } from '../../recording/process/messages.ts';
import type { RecorderProcess } from '../../recording/process/recorder-process.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { NodeRoom } from '../rooms/node-room.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';
import { FollowedRoom } from './followed-room.ts';
import { RecordedTrack } from './recorded-track.ts';

export interface RecordingSettings {
  consent: boolean;
  chat: boolean;
  keyFrameSeconds: number;
  maxTracks: number;
}

export interface RoomRecordingOptions {
  room: NodeRoom;
  nodeId: string;
  store: Pick<RoomStore, 'subscribe' | 'snapshot' | 'order'>;
  recorder: RecorderProcess;
  settings: RecordingSettings;
  chatHistory: number;
  /** Whether this node may record one track more. */
  mayRecordMore(): boolean;
  /** This recording has begun here. */
  onBegin(recording: RecordingKey): void;
  /** The room is not recorded any more, or nobody of it is on this node. Called once. */
  onEnd(ended: { recording: RecordingKey | undefined; isOver: boolean }): void;
  resources: Resources;
  log: Logger;
}

/** A track that could not be opened, or had no place below RECORD_MAX_TRACKS, is tried again after this. */
const AGAIN_MS = 2_000;
/** Media ends before the store says that its participant has left. */
const LEAVE_MS = 3_000;

export class RoomRecording {
  readonly #options: RoomRecordingOptions;
  readonly #followed: FollowedRoom;
  /** Producers that had no place yet. */
  readonly #refused = new Set<string>();
  /** By producer. */
  readonly #tracks = new Map<string, RecordedTrack>();
  #room: NodeRoom;
  #unwatch: () => void;
  readonly #stops: Array<() => void>;
  /** What the recorder beside us was told of. */
  #recording: RecordingKey | undefined;
  /** Lines before it was. */
  #early: ManifestLine[] = [];
  #speakers = new Map<string, string>();
  #isReconciling = false;
  readonly #again: Timer;
  #leaving: Timer | undefined;
  #trouble: RecordingTrouble = '';
  /** What the room knows. */
  #told: RecordingTrouble = '';
  #closed = false;

  constructor(options: RoomRecordingOptions) {
    this.#options = options;
    const { room, recorder } = options;
    this.#room = room;
    this.#followed = new FollowedRoom({
      ...options,
      room: room.name,
      chat: options.settings.chat,
      onLine: (line) => this.#line(line),
      onChange: () => this.#reconcile(),
    });
    this.#unwatch = room.tracks.watch(() => this.#reconcileSoon());
    this.#stops = [
      recorder.on('ready', () => this.#begin()),
      recorder.on('gone', () => this.#closeTracks('lost')),
      recorder.on('tracked', (key) => this.#tracks.get(key)?.tracked()),
      recorder.on('keyframe', (key) => this.#tracks.get(key)?.requestKeyFrame()),
    ];
    this.#again = options.resources.every(AGAIN_MS, () => this.#reconcileSoon());
    void this.#followed.open();
  }

  /** How many tracks are recorded here. */
  get tracks(): number {
    return this.#tracks.size;
  }

  /** Writes down the speakers of one router of this node, the loudest first. */
  spoke(origin: string, participantIds: readonly string[]): void {
    const text = participantIds.join(' ');
    if (this.#speakers.get(origin) === text) return;
    this.#speakers.set(origin, text);
    this.#line({ type: 'speakers', at: Date.now(), origin, participantIds: [...participantIds] });
  }

  /**
   * Nobody of the room is on this node any more. Whether the last participant has left, or has moved, the store says in a
   * moment.
   */
  leave(): void {
    this.#leaving ??= this.#options.resources.after(LEAVE_MS, () => this.close());
  }

  /** Says in the room why nothing is kept of it at the moment, or that it is. */
  tell(trouble: RecordingTrouble): void {
    this.#trouble = trouble;
    const { store, log } = this.#options;
    const recordingId = this.#recording?.id;
    if (recordingId === undefined || this.#told === trouble) return;
    this.#told = trouble;
    const op = { op: 'recordingTrouble', recordingId, trouble } as const;
    store.order(this.#room.name, [op]).catch((err) => {
      log.debug({ err }, 'a room was not told of the trouble with its recording');
    });
  }

  /** The room is on this node again: its participants lost a worker, for example. */
  enter(room: NodeRoom): void {
    this.#leaving?.close();
    this.#leaving = undefined;
    this.#unwatch();
    this.#room = room;
    this.#unwatch = room.tracks.watch(() => this.#reconcileSoon());
    this.#reconcileSoon();
  }

  /** The node lets go of the room. The recording may go on elsewhere. Idempotent. */
  close(): void {
    this.#end({ isOver: false, why: 'unpublished' });
  }

  #end({ isOver, why }: { isOver: boolean; why: SegmentEnd }): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#again.close();
    this.#leaving?.close();
    this.#followed.close();
    this.#unwatch();
    this.#closeTracks(why);
    for (const stop of this.#stops) stop();
    const recording = this.#recording;
    if (recording) {
      this.#options.recorder.send({ do: 'end', recordingId: recording.id, isOver });
    }
    this.#options.onEnd({ recording, isOver });
  }

  /** Many tracks change in one turn of the event loop. */
  #reconcileSoon(): void {
    if (this.#isReconciling || this.#closed) return;
    this.#isReconciling = true;
    queueMicrotask(() => {
      this.#isReconciling = false;
      this.#reconcile();
    });
  }

  /** What should be recorded here is, and nothing else. */
  #reconcile(): void {
    const { roster } = this.#followed;
    if (this.#closed) return;
    const running = this.#followed.isGone ? undefined : roster?.recordings[0];
    const isAnother = this.#recording !== undefined && running?.id !== this.#recording.id;
    if ((roster || this.#followed.isGone) && (!running || isAnother)) {
      this.#end({ isOver: true, why: 'stopped' });
    }
    if (!running || this.#closed) return;
    if (!this.#recording) {
      const { id, startedAt } = running;
      this.#recording = { id, room: this.#room.name, startedAt };
      this.#options.onBegin(this.#recording);
      // A node that is gone may have said so.
      this.#told = running.trouble ?? '';
      this.tell(this.#trouble);
      this.#begin();
    }
    const wanted = running.paused ? [] : this.#wanted();
    const keep = new Set(wanted.map(({ producerId }) => producerId));
    for (const [producerId, track] of this.#tracks) {
      if (!keep.has(producerId)) track.close(running.paused ? 'paused' : this.#whyNot(producerId));
    }
    for (const track of wanted) this.#open(track);
  }

  /** The tracks of this node whose participants may be recorded. */
  #wanted(): RoomTrack[] {
    return this.#room.tracks.all.filter(
      ({ home, closed, participantId }) =>
        home.nodeId === undefined && !closed && this.#mayRecord(participantId),
    );
  }

  /** Where everybody is asked, silence is no consent. */
  #mayRecord(participantId: string): boolean {
    if (!this.#options.settings.consent) return true;
    return this.#followed.roster?.participant(participantId)?.consent === true;
  }

  #whyNot(producerId: string): SegmentEnd {
    const track = this.#room.tracks.get(producerId);
    return track && !this.#mayRecord(track.participantId) ? 'declined' : 'unpublished';
  }

  #open(track: RoomTrack): void {
    const { recorder, settings, resources, log, mayRecordMore } = this.#options;
    const { home, producerId } = track;
    const recordingId = this.#recording?.id;
    if (this.#tracks.has(producerId) || home.nodeId !== undefined || recordingId === undefined) {
      return;
    }
    const { router } = home;
    const producer = router.own(producerId);
    if (!producer || producer.closed || router.closed || recorder.port === undefined) return;
    if (!mayRecordMore()) {
      if (!this.#refused.has(producerId)) {
        log.warn({ room: this.#room.name, trackId: track.trackId }, 'RECORD_MAX_TRACKS is reached');
      }
      this.#refused.add(producerId);
      return;
    }
    const opened = new RecordedTrack({
      ...{ recordingId, track, router, producer, recorder, resources, log },
      keyFrameMs: settings.keyFrameSeconds * 1_000,
      onClosed: () => {
        if (this.#tracks.get(producerId) === opened) this.#tracks.delete(producerId);
      },
    });
    this.#tracks.set(producerId, opened);
    void opened.open();
  }

  /** Tells a recorder that is there, or there again, all that it needs to know. */
  #begin(): void {
    const { recorder, nodeId } = this.#options;
    const recording = this.#recording;
    if (!recording || this.#closed) return;
    recorder.send({ do: 'begin', recording, node: nodeId });
    const early = this.#early.length > 0 ? this.#early : this.#restated();
    this.#early = [];
    for (const line of early) this.#line(line);
    this.#speakers.clear();
    this.#reconcileSoon();
  }

  /** The room as it is, for a log that begins in the middle. */
  #restated(): ManifestLine[] {
    const { roster } = this.#followed;
    if (!roster) return [];
    const at = Date.now();
    const { version } = roster;
    const paused = roster.recordings[0]?.paused ?? false;
    return [
      ...[...roster.participants].map(({ id: participantId, name, role }): ManifestLine => {
        return { type: 'joined', at, version, participantId, name, role };
      }),
      ...[...roster.tracks].map(
        ({ id: trackId, participantId, kind, source, muted }): ManifestLine => {
          const what = { trackId, participantId, kind, source, muted };
          return { type: 'published', at, version, ...what };
        },
      ),
      { type: 'paused', at, version, paused },
    ];
  }

  #line(line: ManifestLine): void {
    const recording = this.#recording;
    if (!recording) {
      this.#early.push(line);
      return;
    }
    // One that starts reads it when it has started; to the one after it all is said again.
    this.#options.recorder.send({ do: 'line', recordingId: recording.id, line });
  }

  #closeTracks(why: SegmentEnd): void {
    for (const track of [...this.#tracks.values()]) track.close(why);
  }
}
