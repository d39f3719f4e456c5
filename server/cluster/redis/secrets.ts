// Shared secrets in Redis: one hash, name → secret. They have no end.
import * as v from 'valibot';
import type { SecretStore } from '../cluster.ts';
import type { RedisConnection } from './link/connection.ts';
import { script } from './link/script.ts';

const KEEP = script(`
local SECRETS = KEYS[1]
local NAME, CANDIDATE = unpack(ARGV)
redis.call('HSETNX', SECRETS, NAME, CANDIDATE)
return redis.call('HGET', SECRETS, NAME)
`);

export class RedisSecrets implements SecretStore {
  readonly #connection: RedisConnection;
  readonly #key: string;

  constructor({ connection, keyPrefix }: { connection: RedisConnection; keyPrefix: string }) {
    this.#connection = connection;
    this.#key = `${keyPrefix}:secrets`;
  }

  async keep(name: string, candidate: string): Promise<string> {
    // Said twice it answers the same.
    const options = { repeatable: true };
    const answer = await this.#connection.script(KEEP, [this.#key], [name, candidate], options);
    return v.parse(v.string(), answer);
  }
}
