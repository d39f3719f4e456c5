// The patches of a room for one subscriber: each of them once, in order, whatever was missed in between.
import { ParleyError } from '../../../../shared/errors.ts';
import type { RoomPatch } from '../../../../shared/room/operations.ts';
import type { ChannelListener } from '../link/subscriptions.ts';
import { type PatchSchema, parsePublished, type Since } from './codec.ts';

export interface FeedOptions {
  /** What patches are read with; the project's own, unless there are more operations. */
  schema?: PatchSchema;
  /** @returns undefined when there is no such room */
  since(version: number): Promise<Since | undefined>;
  /** Never throws. */
  deliver(patch: RoomPatch): void;
  /** A published or kept patch cannot be read; it is lost. */
  onUnreadable(error: unknown): void;
}

/** The last patch that was delivered, and which of the rooms of this name it was of. */
interface Position {
  /** Undefined while there is no such room. */
  birth: string | undefined;
  version: number;
}

const NOWHERE: Position = { birth: undefined, version: 0 };

/** Later than any version there is: asks for the version alone. */
const THE_FUTURE = Number.MAX_SAFE_INTEGER;

export class RoomFeed implements ChannelListener {
  readonly #options: FeedOptions;
  #position = NOWHERE;
  /** Messages that wait until what was missed before them is there. */
  #queue: string[] = [];
  /** Not before it is known where to begin. */
  #mayDeliver = false;
  /** The connection was lost again while catching up. */
  #again = false;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /**
   * Takes the room as it is for the beginning: what comes after it is delivered.
   * @throws ParleyError `unavailable`
   */
  async begin(): Promise<void> {
    const now = await this.#options.since(THE_FUTURE);
    if (now) this.#position = { birth: now.birth, version: now.version };
    if (this.#again) await this.#fetch();
    this.#mayDeliver = true;
    this.#drain();
  }

  onMessage(text: string): void {
    if (this.#closed) return;
    this.#queue.push(text);
    if (this.#mayDeliver) this.#drain();
  }

  onResumed(): void {
    this.#again = true;
    if (this.#mayDeliver) this.#catchUp();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
  }

  #drain(): void {
    for (;;) {
      const text = this.#queue.shift();
      if (text === undefined || this.#closed) return;
      if (this.#take(text)) continue;
      // It stays first in the queue until what is missing before it has been delivered.
      this.#queue.unshift(text);
      this.#catchUp();
      return;
    }
  }

  /** @returns false when something is missing before it */
  #take(text: string): boolean {
    let published: ReturnType<typeof parsePublished>;
    try {
      published = parsePublished(text, this.#options.schema);
    } catch (error) {
      this.#options.onUnreadable(error);
      return true;
    }
    const { birth, patch } = published;
    const { birth: known, version } = this.#position;
    // A patch of an earlier room of this name.
    if (known !== undefined && birth < known) return true;
    if (birth === known) {
      if (patch.version <= version) return true;
      if (patch.version > version + 1) return false;
    }
    this.#deliver({ birth, version: patch.version }, patch);
    return true;
  }

  #catchUp(): void {
    this.#mayDeliver = false;
    void this.#fetch().then(() => {
      this.#mayDeliver = true;
      this.#drain();
    });
  }

  async #fetch(): Promise<void> {
    do {
      this.#again = false;
      try {
        const since = await this.#options.since(this.#position.version);
        if (!this.#closed) this.#follow(since);
      } catch (error) {
        // Out of reach: each try waits for the store as long as an operation may.
        this.#again = error instanceof ParleyError && error.code === 'unavailable';
        if (this.#again) continue;
        // The next patch is taken as it comes, and its number shows that some are missing.
        this.#options.onUnreadable(error);
        this.#position = NOWHERE;
      }
    } while (this.#again && !this.#closed);
  }

  #follow(since: Since | undefined): void {
    if (!since) {
      this.#position = NOWHERE;
      return;
    }
    const { birth, version, patches } = since;
    const { birth: known, version: delivered } = this.#position;
    const sameRoom = known === birth || known === undefined;
    if (sameRoom && patches) {
      for (const patch of patches) this.#deliver({ birth, version: patch.version }, patch);
      this.#position = { birth, version };
      return;
    }
    // The number has to show a gap, also where another room happens to have got just as far.
    const shown = sameRoom ? version : Math.max(version, delivered + 2);
    this.#deliver({ birth, version }, { version: shown, ops: [] });
  }

  #deliver(position: Position, patch: RoomPatch): void {
    this.#position = position;
    this.#options.deliver(patch);
  }
}
