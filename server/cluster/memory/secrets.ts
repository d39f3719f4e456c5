// The shared secrets of one process.
import type { SecretStore } from '../cluster.ts';

export class MemorySecrets implements SecretStore {
  readonly #secrets = new Map<string, string>();

  async keep(name: string, candidate: string): Promise<string> {
    const kept = this.#secrets.get(name) ?? candidate;
    this.#secrets.set(name, kept);
    return kept;
  }
}
