// What one address may have and begin at once, so that one client cannot take what a replica has for all.
// The limits are those of an office, where many participants share an address.
import type { IncomingHttpHeaders } from 'node:http';
import { ParleyError } from '../../../shared/errors.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import { addressKey, isPrivate } from './address-key.ts';
import { TokenBucket } from './token-bucket.ts';

export interface AddressesOptions {
  limits: Config['limits'];
  log: Logger;
  /** TRUST_PROXY: the address of a request is the one that a proxy names. */
  trustsProxy: boolean;
  /** Milliseconds of any clock that does not run backwards. */
  now?: () => number;
}

/** A request, as far as it says where it comes from. */
export interface Origin {
  /** The client's address, of a trusted proxy if there is one. */
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
}

/** Addresses that are remembered. Beyond it idle ones are forgotten. */
const REMEMBERED = 10_000;
/** When to try again while other clients of the address use all that it may have. */
const IN_USE_RETRY_MS = 10_000;

/** The log says once in this time that an address has reached a limit. */
const LOGGED_EVERY_MS = 60_000;

/** Refusals, in words for a participant who may not be the cause. */
const SENTENCES = {
  MAX_SOCKETS_PER_ADDRESS:
    'Too many connections to this server are open from your network. Try again when some have ended.',
  ARRIVALS_PER_ADDRESS_PER_MINUTE:
    'Too many people of your network come at once. Try again in a moment.',
  MAX_ROOMS_PER_ADDRESS:
    'Your network has as many rooms open here as one address may have. Join one of them, or try again when one has ended.',
  MAX_PREPARED_PER_ADDRESS:
    'Many people of your network are about to join. Joining takes a moment longer.',
  MAX_NETWORK_CHECKS_PER_ADDRESS:
    'Your network checks its paths several times already. Try again in a minute.',
};
type Limit = keyof typeof SENTENCES;

export class Address {
  readonly #limits: Config['limits'];
  readonly #now: () => number;
  readonly #onLimit: (limit: Limit) => void;
  /** Whether it is the address of the client, not of a proxy in between. */
  readonly #isKnown: boolean;
  readonly #arrivals: TokenBucket;
  readonly #failures: TokenBucket;
  /** Sessions by room. */
  readonly #rooms = new Map<string, number>();
  #sockets = 0;
  #checks = 0;
  #prepared = 0;

  constructor(
    isKnown: boolean,
    limits: Config['limits'],
    now: () => number,
    onLimit: (limit: Limit) => void,
  ) {
    this.#isKnown = isKnown;
    this.#onLimit = onLimit;
    this.#limits = limits;
    this.#now = now;
    const { arrivalsPerAddress, arrivalBurst, failuresPerAddress } = limits;
    this.#arrivals = new TokenBucket(arrivalsPerAddress / 60, arrivalBurst, now());
    this.#failures = new TokenBucket(failuresPerAddress / 60, failuresPerAddress, now());
  }

  /** Nothing of the address is counted, and all its buckets are full: it can be forgotten. */
  get isIdle(): boolean {
    const isInUse = this.#sockets + this.#checks + this.#prepared + this.#rooms.size > 0;
    return !isInUse && this.#arrivals.isFull(this.#now()) && this.#failures.isFull(this.#now());
  }

  /** A socket, a join or a resume begins. @throws ParleyError `too_many_from_address` */
  arrive(): void {
    if (!this.#isKnown || this.#arrivals.take(this.#now())) return;
    throw this.#tooMany('ARRIVALS_PER_ADDRESS_PER_MINUTE', this.#arrivals.waitMs);
  }

  /** @throws ParleyError `too_many_from_address` */
  assertSocketFree(): void {
    if (this.#isKnown && this.#sockets >= this.#limits.socketsPerAddress) {
      throw this.#tooMany('MAX_SOCKETS_PER_ADDRESS');
    }
  }

  /** @returns what to call when the socket is closed */
  countSocket(): () => void {
    this.#sockets += 1;
    return once(() => {
      this.#sockets -= 1;
    });
  }

  /** Whether this room would be one more than the address may open. */
  hasEnoughRooms(room: string): boolean {
    const { roomsPerAddress } = this.#limits;
    return this.#isKnown && !this.#rooms.has(room) && this.#rooms.size >= roomsPerAddress;
  }

  tooManyRooms(): ParleyError {
    return this.#tooMany('MAX_ROOMS_PER_ADDRESS');
  }

  /** A session in a room. @returns what to call when it is over */
  countRoom(room: string): () => void {
    this.#rooms.set(room, (this.#rooms.get(room) ?? 0) + 1);
    return once(() => {
      const left = (this.#rooms.get(room) ?? 1) - 1;
      if (left > 0) this.#rooms.set(room, left);
      else this.#rooms.delete(room);
    });
  }

  /** @returns what to call when the check is over @throws ParleyError `too_many_from_address` */
  countCheck(): () => void {
    if (this.#isKnown && this.#checks >= this.#limits.networkChecksPerAddress) {
      throw this.#tooMany('MAX_NETWORK_CHECKS_PER_ADDRESS');
    }
    this.#checks += 1;
    return once(() => {
      this.#checks -= 1;
    });
  }

  /** Transports for a join that may follow. @returns what to call when they are gone @throws ParleyError `too_many_from_address` */
  countPrepared(): () => void {
    if (this.#isKnown && this.#prepared >= this.#limits.preparedPerAddress) {
      throw this.#tooMany('MAX_PREPARED_PER_ADDRESS');
    }
    this.#prepared += 1;
    return once(() => {
      this.#prepared -= 1;
    });
  }

  /** @throws ParleyError `rate_limited` while wrong bearer tokens came too often */
  assertMayGuess(): void {
    if (this.#failures.has(this.#now())) return;
    throw new ParleyError('rate_limited', {
      message: 'Too many wrong tokens came from this address. Wait a minute, and try again.',
      retryAfterMs: this.#failures.waitMs,
    });
  }

  /** A bearer token was wrong. */
  guessedWrong(): void {
    this.#failures.take(this.#now());
  }

  #tooMany(limit: Limit, retryAfterMs = IN_USE_RETRY_MS): ParleyError {
    this.#onLimit(limit);
    return new ParleyError('too_many_from_address', { message: SENTENCES[limit], retryAfterMs });
  }
}

export class Addresses {
  readonly #options: AddressesOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Address>();
  #warned = false;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: AddressesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  of({ ip, headers }: Origin): Address {
    const { limits, trustsProxy } = this.#options;
    const isProxy = !trustsProxy && isPrivate(ip) && headers['x-forwarded-for'] !== undefined;
    const key = `${isProxy ? 'proxy ' : ''}${addressKey(ip)}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (isProxy) this.#warn(ip);
    if (this.#known.size >= REMEMBERED) this.#forgetIdle();
    const address = new Address(!isProxy, limits, this.#now, (limit) => this.#onLimit(limit, key));
    this.#known.set(key, address);
    return address;
  }

  #forgetIdle(): void {
    for (const [key, address] of this.#known) if (address.isIdle) this.#known.delete(key);
  }

  #onLimit(limit: Limit, address: string): void {
    if (this.#now() - this.#loggedAt < LOGGED_EVERY_MS) return;
    this.#loggedAt = this.#now();
    this.#options.log.warn(
      { address, limit },
      'an address has reached a limit; if it is a proxy of yours, have it name its clients and set TRUST_PROXY, if many people share it, raise the limit',
    );
  }

  #warn(ip: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log.warn(
      { proxy: ip },
      'a proxy names its clients, but TRUST_PROXY is not set: limits by address do not hold for them',
    );
  }
}

function once(action: () => void): () => void {
  let isDue = true;
  return () => {
    if (isDue) action();
    isDue = false;
  };
}
