// Reads one room from the store where changes do not lead to it: one reading at a time.
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

/** Changes that are older than what is known come in numbers: all that were under way while the room was read. */
const GATHER_MS = 1_000;

export interface RoomReaderOptions {
  room: string;
  rooms: Pick<RoomStore, 'snapshot'>;
  /** The version that is known at this moment. */
  version(): number;
  /** @param since the version that was known when it was asked for */
  onRead(snapshot: RoomSnapshot, since: number): void;
  resources: Resources;
  log: Logger;
}

export class RoomReader {
  readonly #options: RoomReaderOptions;
  #reading: Promise<void> | undefined;
  #gathering: Timer | undefined;

  constructor(options: RoomReaderOptions) {
    this.#options = options;
  }

  /** @throws ParleyError `unavailable` */
  async read(): Promise<void> {
    const { room, rooms, version, onRead } = this.#options;
    const since = version();
    const snapshot = await rooms.snapshot(room);
    if (snapshot) onRead(snapshot, since);
  }

  /** Nobody waits for this reading. What cannot be read is read at the next reason to. */
  soon(): void {
    const { room, log } = this.#options;
    this.#reading ??= this.read()
      .catch((err) => log.debug({ err, room }, 'a room was not looked up'))
      .finally(() => {
        this.#reading = undefined;
      });
  }

  /** Once for all reasons to that come within a second. */
  later(): void {
    this.#gathering ??= this.#options.resources.after(GATHER_MS, () => {
      this.#gathering = undefined;
      this.soon();
    });
  }

  /** Idempotent. */
  close(): void {
    this.#gathering?.close();
    this.#gathering = undefined;
  }
}
