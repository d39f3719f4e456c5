// The keys that tokens are signed with, by the id that a token names in its header.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { SecretStore } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';

export type ApiKey = NonNullable<Config['access']['apiKeys']>[number];

export interface SigningKey {
  readonly id: string;
  readonly key: Uint8Array;
}

export interface SigningKeysOptions {
  /** Undefined: there are no operators. */
  authToken: string | undefined;
  apiKeys: readonly ApiKey[];
  secrets: SecretStore;
  /** What the keys are for: room tokens, unless it is said. Keys of one purpose are good for no other. */
  purpose?: string;
}

/** The name of the shared secret in the store. */
export const ROOM_TOKEN_SECRET = 'room-tokens';
const ROOM_TOKENS = 'parley room tokens v2';
const SECRET_BYTES = 32;
/** Tokens with unknown keys cost the store at most one read in this time. */
const ASK_AGAIN_MS = 1_000;

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * Parley signs with a key of its own, made from a random secret that no guest ever sees: the first API key, or,
 * without API keys, one in the store. AUTH_TOKEN is the salt, so that changing it ends all tokens. It cannot be
 * guessed from a token, since the secret would have to be guessed with it.
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions;
  /** The keys that Parley itself signs with. Those made from API keys first, in their order. */
  readonly #own = new Map<string, SigningKey>();
  readonly #applications: ReadonlyMap<string, SigningKey>;
  /** The shared secret, as last read from the store. */
  #stored: string | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SigningKeysOptions) {
    this.#options = options;
    this.#applications = new Map(
      options.apiKeys.map(({ id, secret }) => [id, { id, key: new TextEncoder().encode(secret) }]),
    );
    for (const { secret } of options.apiKeys) this.#add(secret);
  }

  /**
   * The key that Parley signs with now.
   * @throws ParleyError `unavailable` while the store was never reached
   */
  async current(): Promise<SigningKey> {
    const [first] = this.#own.values();
    if (first && this.#options.apiKeys.length > 0) return first;
    try {
      // Each time: a store that lost its memory gets it back.
      return await this.#ask();
    } catch (error) {
      if (this.#stored === undefined) throw error;
      return this.#add(this.#stored);
    }
  }

  /** The key of an application's server. */
  ofApplication(id: string): SigningKey | undefined {
    return this.#applications.get(id);
  }

  /** A key of Parley's own; another replica may have made one that we do not know yet. */
  async ofParley(id: string): Promise<SigningKey | undefined> {
    const known = this.#own.get(id);
    const late = performance.now() - this.#askedAt >= ASK_AGAIN_MS;
    if (known || this.#options.apiKeys.length > 0 || !late) return known;
    await this.#ask();
    return this.#own.get(id);
  }

  async #ask(): Promise<SigningKey> {
    const candidate = this.#stored ?? newSecret();
    const stored = await this.#options.secrets.keep(ROOM_TOKEN_SECRET, candidate);
    this.#stored = stored;
    this.#askedAt = performance.now();
    return this.#add(stored);
  }

  #add(secret: string): SigningKey {
    const { authToken: salt = '', purpose = ROOM_TOKENS } = this.#options;
    const key = new Uint8Array(hkdfSync('sha256', secret, salt, purpose, 32));
    const id = createHmac('sha256', key).update('key id').digest('base64url').slice(0, 12);
    const known = this.#own.get(id) ?? { id, key };
    this.#own.set(id, known);
    return known;
  }
}
