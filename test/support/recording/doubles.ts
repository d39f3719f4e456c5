// Stand-ins for what the API of recordings asks: the state of rooms, and jobs. In plain maps.
import type { RoomRecordings } from '../../../server/api/recordings/control.ts';
import type { Job, JobStore, NewJob } from '../../../server/cluster/jobs.ts';
import { ParleyError } from '../../../shared/errors.ts';
import type { RoomRecording } from '../../../shared/room/room.ts';

export class RoomsOfTests implements RoomRecordings {
  /** Rooms that have participants, with their recording. */
  readonly rooms = new Map<string, RoomRecording | undefined>();
  /** The store of rooms cannot be reached. */
  away = false;

  async start(room: string, id: string): Promise<void> {
    this.#assertThere();
    if (!this.rooms.has(room)) throw new ParleyError('not_found');
    if (this.rooms.get(room)) throw new ParleyError('already_recording');
    this.rooms.set(room, { id, startedAt: Date.now(), startedBy: null, paused: false });
  }

  async pause(id: string, room: string, paused: boolean): Promise<void> {
    this.rooms.set(room, { ...this.#recording(room, id), paused });
  }

  async stop(room: string, id: string): Promise<void> {
    this.#recording(room, id);
    this.rooms.set(room, undefined);
  }

  async current(room: string): Promise<RoomRecording | undefined> {
    this.#assertThere();
    return this.rooms.get(room);
  }

  async roomOf(id: string): Promise<string | undefined> {
    this.#assertThere();
    for (const [room, recording] of this.rooms) if (recording?.id === id) return room;
    return undefined;
  }

  #recording(room: string, id: string): RoomRecording {
    this.#assertThere();
    const recording = this.rooms.get(room);
    if (recording?.id !== id) throw new ParleyError('not_recording');
    return recording;
  }

  #assertThere(): void {
    if (this.away) throw new ParleyError('unavailable');
  }
}

/** Jobs that nobody does: a test says what becomes of them. */
export class JobsOfTests implements Pick<JobStore, 'add' | 'cancel' | 'get' | 'list'> {
  readonly jobs: Job[] = [];

  async add({ kind, key, payload }: NewJob): Promise<Job> {
    const isOpen = ({ state }: Job) => state === 'waiting' || state === 'running';
    const same = this.jobs.find((job) => job.kind === kind && job.key === key && isOpen(job));
    if (same) return same;
    const at = Date.now();
    const job: Job = {
      ...{ id: `job-${this.jobs.length + 1}`, kind, key, payload, state: 'waiting', attempt: 0 },
      ...{ notBefore: at, createdAt: at, updatedAt: at, progress: 0, result: null, problem: null },
    };
    this.jobs.unshift(job);
    return job;
  }

  async cancel(id: string): Promise<Job | undefined> {
    return this.becomes(id, { state: 'cancelled' });
  }

  async get(id: string): Promise<Job | undefined> {
    return this.jobs.find((job) => job.id === id);
  }

  async list(kind: string, keyPrefix: string): Promise<Job[]> {
    return this.jobs.filter((job) => job.kind === kind && job.key.startsWith(keyPrefix));
  }

  becomes(id: string, change: Partial<Job>): Job | undefined {
    const at = this.jobs.findIndex((job) => job.id === id);
    const job = this.jobs[at];
    if (!job) return undefined;
    const changed = { ...job, ...change };
    this.jobs[at] = changed;
    return changed;
  }
}
