// Reads one room from the store where changes do not lead to it: one reading at a time.
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';

export interface RoomReaderOptions {
  room: string;
  rooms: Pick<RoomStore, 'snapshot'>;
  /** The version that is known at this moment. */
  version(): number;
  /** @param since the version that was known when it was asked for */
  onRead(snapshot: RoomSnapshot, since: number): void;
  log: Logger;
}

export class RoomReader {
  readonly #options: RoomReaderOptions;
  #reading: Promise<void> | undefined;

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

  /** Without waiting for it. What cannot be read is read at the next reason to. */
  soon(): void {
    const { room, log } = this.#options;
    this.#reading ??= this.read()
      .catch((err) => log.debug({ err, room }, 'a room was not looked up'))
      .finally(() => {
        this.#reading = undefined;
      });
  }
}
