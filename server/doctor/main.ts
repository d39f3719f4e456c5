// `parley doctor`: tests everything a call needs, next to the server and with its environment.

import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { TurnServer } from '../cluster/turn.ts';
import type { Config } from '../config.ts';
import { announcedAddresses, listenAddresses } from '../sfu/addresses.ts';
import { createLogger } from '../telemetry/log.ts';
import { configuredTurn } from '../turn/environment.ts';
import { addressFacts, type Relay, seenFrom } from './address-facts.ts';
import { checkHttpPort, checkMediaPorts, checkPipePorts } from './check-ports.ts';
import { checkRedis, turnServersInStore } from './check-redis.ts';
import { checkStorage } from './check-storage.ts';
import { clockBounds, relayOf, type TurnAttempt, tryTurnServers } from './check-turn.ts';
import { checkWeb } from './check-web.ts';
import { checkWorker } from './check-worker.ts';
import { type AddressFacts, diagnoseAddress } from './diagnose-address.ts';
import { diagnoseClock } from './diagnose-clock.ts';
import { diagnoseTurn } from './diagnose-turn.ts';
import { type Finding, failed, reasonOf, skipped, type Verdict } from './finding.ts';
import { jsonOf, linesOf, summaryOf } from './report.ts';

export interface DoctorOptions {
  config: Config;
  /** Where the worker and its cache are looked for. */
  env: Readonly<Record<string, string | undefined>>;
  /** Public address of the page, to be tried too. */
  url: string | undefined;
  /** One JSON document at the end, instead of lines on the way. */
  json: boolean;
  write(line: string): void;
}

export const DOCTOR_USAGE = 'parley doctor [--json] [--url https://call.example.org]';

/** Workers beyond these are like them, and starting all of a large machine would take long. */
const MAX_WORKERS = 8;

/** @returns undefined when that is not how it is used */
export function parseDoctorArgs(
  args: readonly string[],
): Pick<DoctorOptions, 'url' | 'json'> | undefined {
  let url: string | undefined;
  let json = false;
  for (let n = 0; n < args.length; n++) {
    const [arg = '', next] = [args[n], args[n + 1]];
    const [name, value = next] = arg.split(/=(.*)/s);
    if (name === '--json' && arg === name) json = true;
    else if (name === '--url' && value !== undefined && /^https?:$/.test(protocolOf(value))) {
      url = value;
      if (arg === name) n += 1;
    } else return undefined;
  }
  return { url, json };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}

/** @returns the exit code: 0, or 1 when something is wrong */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const { json, write } = options;
  const startedAt = performance.now();
  const findings: Finding[] = [];
  await new Doctor(options, (finding) => {
    findings.push(finding);
    if (!json) for (const line of linesOf(finding)) write(line);
  }).run();
  write(json ? jsonOf(findings, performance.now() - startedAt) : summaryOf(findings));
  return findings.some(({ state }) => state === 'failed') ? 1 : 0;
}

class Doctor {
  readonly #options: DoctorOptions;
  readonly #found: (finding: Finding) => void;
  /** The doctor says itself what is wrong. */
  readonly #log = createLogger('silent');
  readonly #local: readonly string[];
  readonly #listen: readonly string[];
  readonly #announced: readonly string[];

  constructor(options: DoctorOptions, found: (finding: Finding) => void) {
    this.#options = options;
    this.#found = found;
    const interfaces = networkInterfaces();
    this.#local = Object.values(interfaces).flatMap((all) => all?.map((one) => one.address) ?? []);
    this.#listen = listenAddresses(options.config.media, interfaces);
    this.#announced = announcedAddresses(options.config);
  }

  async run(): Promise<void> {
    const { config, env, url } = this.#options;
    const redis = this.#check('redis', checkRedis(config.store));
    const web = this.#check('web', checkWeb(url));
    const others = [
      this.#verdict('storage', checkStorage(env)),
      this.#verdict('ports', checkHttpPort(config.http), 'of the web server'),
      this.#verdict(
        'ports',
        checkPipePorts(config.cluster, this.#listen[0] ?? '127.0.0.1'),
        'between replicas',
      ),
    ];
    const attempts = await this.#media();
    const bounds = await clockBounds(attempts);
    const clocks = [await redis, await web].flatMap(({ clock }) => clock ?? []);
    this.#say('clock', diagnoseClock(clocks, bounds));
    await Promise.all(others);
  }

  /** Workers, addresses and TURN servers, each of which the next one needs. */
  async #media(): Promise<TurnAttempt[]> {
    const { config, env } = this.#options;
    const { media } = config;
    const count = Math.min(media.workers, MAX_WORKERS);
    const [ports, turn] = await Promise.all([
      checkMediaPorts(media, this.#listen, count),
      this.#turnServers(),
    ]);
    const { free, running, ...verdict } = ports;
    this.#say('ports', verdict, 'of media');
    const stunUrls = [...turn.stun, ...turn.servers.flatMap(({ urls }) => urls)];
    const fixed = media.port !== undefined && media.port > 0;
    const seen = seenFrom(stunUrls, {
      address: this.#publicListen(),
      port: fixed && free ? media.port : undefined,
    });
    // They want the port from which the STUN server is asked.
    await seen;
    const worker = await checkWorker({
      ...{ media, count, env, listen: this.#listen, announced: this.#announced },
      ...{ elsewhere: !free, log: this.#log },
    });
    this.#say('worker', worker.verdict);
    try {
      const attempts = await tryTurnServers(turn.servers, worker.media?.targets[0]?.target);
      const relay = relayOf(attempts);
      const closed = await this.#addresses(worker.media, running, relay, await seen);
      this.#turn(attempts, closed, turn);
      return attempts;
    } finally {
      worker.media?.close();
    }
  }

  /** @returns whether media is known not to be reachable */
  async #addresses(
    media: Awaited<ReturnType<typeof checkWorker>>['media'],
    busy: boolean,
    relay: Relay | undefined,
    seen: AddressFacts['seen'],
  ): Promise<boolean> {
    if (!media) {
      this.#say('address', skipped('Without a media worker nothing could answer.'));
      return false;
    }
    const announced = this.#announced.length > 0;
    const { protocols } = this.#options.config.media;
    const verdicts = await Promise.all(
      (announced ? this.#announced : this.#listen).map(async (address) => {
        const options = { address, announced, protocols, media, busy, relay, seen };
        const facts = await addressFacts({ ...options, local: this.#local });
        const verdict = worst(facts.map(diagnoseAddress));
        this.#say('address', verdict, address);
        return verdict;
      }),
    );
    return verdicts.every(({ state, cause }) => state === 'failed' || cause === 'not_announced');
  }

  #turn(
    attempts: readonly TurnAttempt[],
    mediaIsClosed: boolean,
    configured: { servers: readonly TurnServer[]; problem: Verdict | undefined },
  ): void {
    for (const { server, url, result, lasting } of attempts) {
      const facts = { url, auth: server.auth.kind, result, lasting, mediaIsClosed };
      this.#say('turn', diagnoseTurn(facts), url);
    }
    if (configured.problem) this.#say('turn', configured.problem);
    else if (attempts.length === 0) {
      const detail = 'No TURN server is configured: people behind strict firewalls cannot join.';
      this.#say('turn', skipped(detail));
    }
  }

  /** Those of our own environment, and those that the others share with us. */
  async #turnServers(): Promise<{
    servers: readonly TurnServer[];
    stun: readonly string[];
    problem: Verdict | undefined;
  }> {
    const { config } = this.#options;
    try {
      const { servers, stun } = configuredTurn(config);
      const own = new Set(servers.map(({ id }) => id));
      // What is wrong with the store is said by its own check.
      const shared = await turnServersInStore(config, this.#log).catch(() => []);
      return {
        servers: [...servers, ...shared.filter(({ id }) => !own.has(id))],
        ...{ stun, problem: undefined },
      };
    } catch (error) {
      const problem = failed('configuration', reasonOf(error), 'Correct the TURN_* variables.');
      return { servers: [], stun: [], problem };
    }
  }

  /** Which of our addresses the announced one leads to. */
  #publicListen(): string {
    return this.#listen.find(isIPv4) ?? this.#listen[0] ?? '0.0.0.0';
  }

  async #check<T extends { verdict: Verdict }>(check: Finding['check'], result: Promise<T>) {
    const done = await result;
    this.#say(check, done.verdict);
    return done;
  }

  async #verdict(check: Finding['check'], verdict: Promise<Verdict>, subject?: string) {
    this.#say(check, await verdict, subject);
  }

  #say(check: Finding['check'], verdict: Verdict, subject?: string): void {
    this.#found({ check, ...(subject !== undefined && { subject }), ...verdict });
  }
}

/** Of several media ports the one that is worst off; a cause that all share is said once. */
function worst(verdicts: readonly Verdict[]): Verdict {
  const order = ['failed', 'warning', 'skipped', 'ok'];
  const [first] = [...verdicts].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return first ?? skipped('There is no media port.');
}
