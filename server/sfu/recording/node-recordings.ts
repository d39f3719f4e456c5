// The recordings of this node: begun when a room of it is recorded, and finished by whichever node comes first.
import * as v from 'valibot';
import { RoomName } from '../../../shared/room/room.ts';
import type { Closer, Cluster } from '../../cluster/cluster.ts';
import type { MediaEventData } from '../../cluster/messages/media.ts';
import { RECORDINGS_TOPIC, RecordingNews } from '../../cluster/messages/recording.ts';
import type { RecordingKey } from '../../recording/process/messages.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { PublishTo } from '../rooms/media-room.ts';
import type { NodeRoom } from '../rooms/node-room.ts';
import type { NodeRooms } from '../rooms/node-rooms.ts';
import { RecorderWatch } from './recorder-watch.ts';
import { RoomRecording, type RoomRecordingOptions } from './room-recording.ts';

export interface NodeRecordingsOptions
  extends Pick<RoomRecordingOptions, 'nodeId' | 'recorder' | 'settings' | 'chatHistory'> {
  cluster: Pick<Cluster, 'rooms' | 'bus'>;
  rooms: Pick<NodeRooms, 'find' | 'open'>;
  /** Files of this recording wait to be put in order, unless another node is still writing. */
  finish(recording: RecordingKey): Promise<void>;
  metrics: Pick<Metrics, 'recording'>;
  resources: Resources;
  log: Logger;
}

/** A room whose recording this node has not heard of is found by the next look. */
const LOOK_MS = 10_000;

export class NodeRecordings {
  readonly #options: NodeRecordingsOptions;
  readonly #byRoom = new Map<string, RoomRecording>();
  /** Rooms of which the store is asked. */
  readonly #looking = new Set<string>();
  /** Recordings of rooms of this node that have begun, as far as it is told, and not here yet. */
  readonly #announced = new Map<string, RecordingKey>();
  /** Recordings that are over; the recorder brings the last of them into the store. */
  readonly #over = new Map<string, RecordingKey>();
  readonly #watch: RecorderWatch;
  readonly #timer: Timer;
  readonly #unlisten: () => void;
  #subscription: Closer | undefined;
  #isSweeping = false;
  #closed = false;

  constructor(options: NodeRecordingsOptions) {
    this.#options = options;
    this.#timer = options.resources.every(LOOK_MS, () => {
      for (const room of options.rooms.open) void this.look(room.name);
      void this.#sweep();
    });
    this.#watch = new RecorderWatch({
      ...options,
      isRecording: () => this.#byRoom.size > 0,
      onTrouble: (trouble) => {
        for (const recording of this.#byRoom.values()) recording.tell(trouble);
      },
    });
    this.#unlisten = options.recorder.on('ended', (recordingId) => this.#ended(recordingId));
  }

  async start(): Promise<void> {
    this.#subscription = await this.#options.cluster.bus.subscribe(RECORDINGS_TOPIC, (message) => {
      const parsed = v.safeParse(RecordingNews, message);
      if (!parsed.success) return;
      const news = parsed.output;
      if (this.#options.rooms.find(news.room)) this.#announced.set(news.id, news);
      void this.look(news.room);
    });
  }

  /** How many tracks are recorded here. */
  get tracks(): number {
    return [...this.#byRoom.values()].reduce((sum, { tracks }) => sum + tracks, 0);
  }

  /** Whether this room is recorded is not known here, or may have changed. Never rejects. */
  async look(name: string): Promise<void> {
    if (this.#byRoom.has(name) || this.#looking.has(name) || this.#closed) return;
    if (!this.#options.rooms.find(name)) return;
    this.#looking.add(name);
    try {
      const recording = await this.#options.cluster.rooms.recording(name);
      const room = this.#options.rooms.find(name);
      if (this.#closed) return;
      for (const key of [...this.#announced.values()]) {
        if (key.room === name && key.id !== recording?.id) this.#miss(key);
      }
      if (recording && room && !room.closed) this.#begin(room);
    } catch (err) {
      // The next look, after ten seconds, asks again.
      this.#options.log.debug({ err, room: name }, 'it is not known whether a room is recorded');
    } finally {
      this.#looking.delete(name);
    }
  }

  /** A room is on this node from now on; or nobody of it is here any more. */
  onRoom(name: string, isOpen: boolean): void {
    const recording = this.#byRoom.get(name);
    const room = this.#options.rooms.find(name);
    if (!isOpen) recording?.leave();
    else if (recording && room) recording.enter(room);
    else void this.look(name);
  }

  /** Those who speak on one router of this node now. */
  spoke(room: string, { origin, speakers }: MediaEventData<'speakers'>): void {
    const ids = speakers.map(({ participantId }) => participantId);
    this.#byRoom.get(room)?.spoke(origin, ids);
  }

  /** The recorder is closed after it. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.close();
    for (const recording of [...this.#byRoom.values()]) recording.close();
    this.#unlisten();
    this.#watch.close();
    await this.#subscription?.close();
  }

  #begin(room: NodeRoom): void {
    const { log, settings } = this.#options;
    const { name } = room;
    if (this.#byRoom.has(name)) return;
    const recording: RoomRecording = new RoomRecording({
      ...this.#options,
      store: this.#options.cluster.rooms,
      room,
      mayRecordMore: () => this.tracks < settings.maxTracks,
      onBegin: ({ id }) => void this.#announced.delete(id),
      onEnd: ({ recording: key, isOver }) => {
        if (this.#byRoom.get(name) === recording) this.#byRoom.delete(name);
        this.#options.metrics.recording.rooms.set(this.#byRoom.size);
        this.#watch.look();
        // Another recording of the room may have begun already.
        if (!this.#closed) void this.look(name);
        if (!key) return;
        log.info({ room: name, recordingId: key.id, isOver }, 'this node records a room no more');
        if (isOver) this.#over.set(key.id, key);
      },
    });
    this.#byRoom.set(name, recording);
    this.#watch.look();
    recording.tell(this.#watch.trouble);
    this.#options.metrics.recording.rooms.set(this.#byRoom.size);
    log.info({ room: name }, 'this node records a room');
  }

  /** It was over before this node could read of it. It is a recording all the same, without anything in it. */
  #miss(key: RecordingKey): void {
    const { recorder, nodeId: node } = this.#options;
    this.#announced.delete(key.id);
    if (this.#over.has(key.id)) return;
    this.#over.set(key.id, key);
    recorder.send({ do: 'begin', recording: key, node });
    recorder.send({ do: 'end', recordingId: key.id, isOver: true });
  }

  #ended(recordingId: string): void {
    const key = this.#over.get(recordingId);
    if (!key) return;
    this.#over.delete(recordingId);
    void this.#finish(key);
  }

  /** Recordings that are over, and whose nodes or recorders did not live to finish them. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping || this.#closed) return;
    this.#isSweeping = true;
    const { recorder, cluster, log } = this.#options;
    try {
      for (const key of (await recorder.unfinished()) ?? []) {
        const running = await cluster.rooms.recording(v.parse(RoomName, key.room));
        if (running?.id !== key.id && !this.#over.has(key.id)) await this.#finish(key);
      }
    } catch (err) {
      log.debug({ err }, 'unfinished recordings could not be looked for');
    } finally {
      this.#isSweeping = false;
    }
  }

  async #finish(key: RecordingKey): Promise<void> {
    await this.#options.finish(key).catch((err) => {
      // The next sweep finds it.
      this.#options.log.debug({ err, recordingId: key.id }, 'a recording was not finished yet');
    });
  }
}

/** Passes the events of a room on. Whoever records it hears who speaks. */
export function withSpeakers(
  recordings: NodeRecordings | undefined,
  room: string,
  publish: PublishTo,
): PublishTo {
  if (!recordings) return publish;
  return (event, data, replica) => {
    publish(event, data, replica);
    if (event === 'speakers') recordings.spoke(room, data as MediaEventData<'speakers'>);
  };
}
