// Shared secrets in Redis: one hash, name → secret. They have no end.
import * as v from 'valibot';
import type { SecretStore } from '../cluster.ts';
import type { RedisConnection } from './link/connection.ts';
import { SECRETS } from './scripts.ts';

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
    const values = { name, candidate };
    const answer = await this.#connection.script(SECRETS.keep, () => this.#key, values, options);
    return v.parse(v.string(), answer);
  }
}
