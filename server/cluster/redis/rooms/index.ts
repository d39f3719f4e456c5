// Finds rooms that nobody renews any more: each is noted with the time when to look at it.
//
// A room and its note may be on different servers of a Redis Cluster, so they change one after the
// other. That is safe, because a note only says where to look: one too many finds nothing and goes,
// and one that is missing comes back with the next renewal. A room that nobody renews and nobody
// noted ends with its keys, which expire (lua.ts).
import * as v from 'valibot';
import type { RedisConnection } from '../link/connection.ts';
import { script } from '../link/script.ts';
import { slotOf } from '../link/slots.ts';

/** Several keys, so that a Redis Cluster shares the writes among its servers. */
const SHARDS = 8;
/** Rooms per shard and sweep: a sweep is bounded, and goes on with the next one. */
const BATCH = 16;
/** As long as the keys of rooms, and then some: notes of rooms that ended with their keys go too. */
const BACKSTOP_LEASES = 10;

const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function int(number) return string.format('%.0f', number) end
`;

/** Whoever notes a room is about to renew its leases: nobody needs to look before they end. */
const NOTE = script(
  NOW,
  `
redis.call('ZADD', KEYS[1], int(now + ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`,
);

/** Takes due rooms, for as long as a lease: another replica that sweeps meanwhile takes others. */
const TAKE_DUE = script(
  NOW,
  `
local rooms = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, ARGV[1])
local mine = int(now + ARGV[2])
for _, room in ipairs(rooms) do redis.call('ZADD', KEYS[1], mine, room) end
return { mine, rooms }
`,
);

/** Unless it was noted anew meanwhile. */
const SETTLE = script(
  NOW,
  `
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('ZADD', KEYS[1], int(now + ARGV[3]), ARGV[1])
return 1
`,
);

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

  /** Not awaited: nothing depends on it, and the next renewal says it again. */
  note(room: string): void {
    const args = [room, String(this.#leaseMs), String(this.#leaseMs * BACKSTOP_LEASES)];
    const key = this.#shard(slotOf(room) % SHARDS);
    this.#connection.script(NOTE, [key], args, { repeatable: true }).catch(this.#onError);
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
    const key = this.#shard(n);
    const taken = [String(BATCH), String(this.#leaseMs)];
    const [mine, rooms] = v.parse(Due, await this.#connection.script(TAKE_DUE, [key], taken));
    let sum = 0;
    for (const room of rooms) {
      const { released, remainingMs } = await expire(room);
      sum += released;
      const next = remainingMs === undefined ? '' : String(remainingMs);
      await this.#connection.script(SETTLE, [key], [room, mine, next], { repeatable: true });
    }
    return sum;
  }

  #shard(n: number): string {
    return `${this.#prefix}:sweep:{${n}}`;
  }
}
