// The addresses behind announced hostnames: Firefox makes no pair with a candidate that is a name.
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { IceCandidate } from '../../../shared/media/rtp.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

/** Every address of a name, IPv4 and IPv6. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** The fields that candidates of mediasoup and of browsers have in common. */
type Candidate = Pick<IceCandidate, 'address' | 'ip' | 'port' | 'priority' | 'protocol'>;

export interface AnnouncedNamesOptions {
  /** Addresses and hostnames that this node announces. */
  announced: readonly string[];
  /** How often every name is looked up again. */
  everySeconds: number;
  resources: Resources;
  log: Logger;
  lookup?: Lookup;
}

/** A name server that does not answer keeps no node from starting. */
const LOOKUP_TIMEOUT_MS = 2_000;
/** More candidates than these for one name make ICE slower, not better. */
const MAX_ADDRESSES = 4;

export class AnnouncedNames {
  readonly #options: AnnouncedNamesOptions;
  readonly #names: readonly string[];
  /** The last answer that had an address. It is kept while the name server is away. */
  readonly #addresses = new Map<string, readonly string[]>();
  /** A lookup that hangs is not joined by another one of its name. */
  readonly #asking = new Map<string, Promise<void>>();
  #timer: Timer | undefined;

  private constructor(options: AnnouncedNamesOptions) {
    this.#options = options;
    this.#names = options.announced.filter((address) => isIP(address) === 0);
  }

  /** Resolves when the names are known, or their name server is too slow. */
  static async start(options: AnnouncedNamesOptions): Promise<AnnouncedNames> {
    const names = new AnnouncedNames(options);
    if (names.#names.length === 0) return names;
    const { resources, everySeconds } = options;
    names.#timer = resources.every(everySeconds * 1_000, () => names.#lookUp());
    await resources.atMost(LOOKUP_TIMEOUT_MS, names.#lookUp());
    return names;
  }

  /** A transport's candidates, and the addresses behind those that are names. */
  withAddresses<C extends Candidate>(candidates: readonly C[]): C[] {
    return withAddresses(candidates, (name) => this.#addresses.get(name) ?? []);
  }

  close(): void {
    this.#timer?.close();
  }

  async #lookUp(): Promise<void> {
    await Promise.all(
      this.#names.map((name) => {
        const asking = this.#asking.get(name) ?? this.#ask(name);
        this.#asking.set(name, asking);
        return asking;
      }),
    );
  }

  async #ask(name: string): Promise<void> {
    const { lookup = askSystem, log } = this.#options;
    try {
      const found = (await lookup(name)).filter((address) => isIP(address) > 0);
      if (found.length > 0) this.#addresses.set(name, [...new Set(found)].slice(0, MAX_ADDRESSES));
    } catch (err) {
      log.warn({ err, name }, 'announced hostname lookup failed');
    } finally {
      this.#asking.delete(name);
    }
  }
}

/** Adds after each name its addresses, with a priority just below its own, each once. */
export function withAddresses<C extends Candidate>(
  candidates: readonly C[],
  addressesOf: (name: string) => readonly string[],
): C[] {
  const key = ({ address, protocol, port }: Candidate) => `${protocol} ${address} ${port}`;
  const there = new Set(candidates.map(key));
  return candidates.flatMap((candidate) => {
    if (isIP(candidate.address) > 0) return [candidate];
    const behind = addressesOf(candidate.address).map((address, index) => ({
      ...candidate,
      ...{ address, ip: address, priority: candidate.priority - 1 - index },
    }));
    return [
      candidate,
      ...behind.filter((other) => {
        const known = there.has(key(other));
        there.add(key(other));
        return !known;
      }),
    ];
  });
}

async function askSystem(hostname: string): Promise<string[]> {
  const found = await systemLookup(hostname, { all: true, order: 'ipv4first' });
  return found.map(({ address }) => address);
}
