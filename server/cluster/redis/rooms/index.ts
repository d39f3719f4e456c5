// Finds rooms that no replica renews any more: each is noted with the time when to look at it.
//
// A room and its note may be on different servers of a Redis Cluster, so they change one after the
// other. That is safe, because a note only says where to look: one too many finds nothing and goes,
// and one that is missing comes back with the next renewal. A room without renewals and
// without a note ends with its keys, which expire (room.lua).
import * as v from 'valibot';
import type { RedisConnection } from '../link/connection.ts';
import { slotOf } from '../link/slots.ts';
import { SWEEP } from '../scripts.ts';

/** Several keys, so that a Redis Cluster shares the writes among its servers. */
const SHARDS = 8;
/**
 * Notes are gathered this long: a round of renewals takes about as long, and its rooms are noted together. A
 * replica that is killed meanwhile has not noted a room that was new; its next renewal notes it.
 */
const GATHER_MS = 100;
/** Rooms per shard and sweep: a sweep is bounded, and goes on with the next one. */
const BATCH = 16;
/** As long as the keys of rooms, and then some: notes of rooms that ended with their keys go too. */
const BACKSTOP_LEASES = 10;

const REPEATABLE = { repeatable: true };

const Due = v.tuple([v.string(), v.array(v.string())]);

export interface Expired {
  released: number;
  /** Until the next lease ends; undefined when the room is over. */
  remainingMs: number | undefined;
}

export class RoomIndex {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #onError: (error: unknown) => void;
  /** Rooms to note, by shard. */
  readonly #waiting = new Map<number, Set<string>>();
  #gathering: NodeJS.Timeout | undefined;

  constructor(options: {
    connection: RedisConnection;
    keyPrefix: string;
    sessionLeaseMs: number;
    onError(error: unknown): void;
  }) {
    this.#connection = options.connection;
    this.#prefix = options.keyPrefix;
    this.#leaseMs = options.sessionLeaseMs;
    this.#onError = options.onError;
  }

  /** Soon, and not awaited: nothing depends on it, and the next renewal notes it again. */
  note(room: string): void {
    const shard = slotOf(room) % SHARDS;
    const rooms = this.#waiting.get(shard);
    if (rooms) rooms.add(room);
    else this.#waiting.set(shard, new Set([room]));
    this.#gathering ??= setTimeout(() => this.#noteAll(), GATHER_MS);
  }

  /** Notes nothing any more. */
  close(): void {
    clearTimeout(this.#gathering);
    this.#waiting.clear();
  }

  #noteAll(): void {
    this.#gathering = undefined;
    const leaseMs = this.#leaseMs;
    for (const [shard, rooms] of this.#waiting) {
      const names = JSON.stringify([...rooms]);
      const values = { names, leaseMs, backstopMs: leaseMs * BACKSTOP_LEASES };
      const noting = this.#connection.script(SWEEP.note, this.#keyOf(shard), values, REPEATABLE);
      noting.catch(this.#onError);
    }
    this.#waiting.clear();
  }

  /** Rooms that are noted, of all shards: see `RoomStore.names`. */
  async names(): Promise<string[]> {
    const shards = Array.from({ length: SHARDS }, (_, n) =>
      this.#connection.script(SWEEP.all, this.#keyOf(n), {}, REPEATABLE),
    );
    return v.parse(v.array(v.array(v.string())), await Promise.all(shards)).flat();
  }

  /**
   * @param expire releases what is over in one room
   * @returns how many sessions were released
   */
  async sweep(expire: (room: string) => Promise<Expired>): Promise<number> {
    const shards = Array.from({ length: SHARDS }, (_, n) => this.#sweepShard(n, expire));
    const counts = await Promise.all(shards);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #sweepShard(n: number, expire: (room: string) => Promise<Expired>): Promise<number> {
    const keyOf = this.#keyOf(n);
    const batch = { batch: BATCH, leaseMs: this.#leaseMs };
    const answer = await this.#connection.script(SWEEP.takeDue, keyOf, batch);
    const [taken, rooms] = v.parse(Due, answer);
    let sum = 0;
    for (const room of rooms) {
      const { released, remainingMs } = await expire(room);
      sum += released;
      const values = { room, taken, nextMs: remainingMs ?? '' };
      await this.#connection.script(SWEEP.settle, keyOf, values, { repeatable: true });
    }
    return sum;
  }

  #keyOf(shard: number): () => string {
    return () => `${this.#prefix}:sweep:{${shard}}`;
  }
}
