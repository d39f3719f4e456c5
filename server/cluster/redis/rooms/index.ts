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
/** Rooms per shard and sweep: a sweep is bounded, and goes on with the next one. */
const BATCH = 16;
/** As long as the keys of rooms, and then some: notes of rooms that ended with their keys go too. */
const BACKSTOP_LEASES = 10;

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

  /** Not awaited: nothing depends on it, and the next renewal notes it again. */
  note(room: string): void {
    const leaseMs = this.#leaseMs;
    const values = { room, leaseMs, backstopMs: leaseMs * BACKSTOP_LEASES };
    const keyOf = this.#keyOf(slotOf(room) % SHARDS);
    this.#connection.script(SWEEP.note, keyOf, values, { repeatable: true }).catch(this.#onError);
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
