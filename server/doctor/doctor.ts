// Runs every check of `parley doctor`: independent ones at once, dependent ones in order.

import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.ts';
import { announcedAddresses, listenAddresses } from '../sfu/workers/addresses.ts';
import { localUrls } from '../telemetry/local-url.ts';
import { createLogger } from '../telemetry/log.ts';
import { addressFacts, type MediaPort, type Relay, seenFrom } from './checks/address-facts.ts';
import {
  checkHttpPort,
  checkMediaPorts,
  checkMetricsPort,
  checkPipePorts,
} from './checks/ports.ts';
import { checkRecording } from './checks/recording.ts';
import { checkRedis, turnServersInStore } from './checks/redis.ts';
import { runningMedia } from './checks/running-media.ts';
import { checkStorage } from './checks/storage.ts';
import {
  clockBounds,
  relayOf,
  type TurnAttempt,
  tryStunServer,
  tryTurnServers,
} from './checks/turn.ts';
import {
  ignoredSetting,
  noTurnServer,
  overriddenBy,
  type StoreState,
  type TurnInUse,
  turnInUse,
} from './checks/turn-in-use.ts';
import { checkWeb } from './checks/web.ts';
import { checkWorker } from './checks/worker.ts';
import { type AddressFacts, diagnoseAddress, isPublic, privateOnly } from './diagnoses/address.ts';
import { diagnoseClock } from './diagnoses/clock.ts';
import { diagnoseTurn } from './diagnoses/turn.ts';
import { type Finding, failed, reasonOf, skipped, type Verdict } from './finding.ts';

export interface DoctorContext {
  config: Config;
  env: Readonly<Record<string, string | undefined>>;
  url: string | undefined;
}

/** Media ports that answer, until they are closed. */
interface Media {
  ports: readonly MediaPort[];
  close(): void;
}

interface ConfiguredTurn extends TurnInUse {
  store: StoreState;
  problem: Verdict | undefined;
}

/** Further workers would be alike, and on a large machine they would take long to start. */
const MAX_WORKERS = 8;

export class Doctor {
  readonly #options: DoctorContext;
  readonly #found: (finding: Finding) => void;
  /** Silent: the findings are the report. */
  readonly #log = createLogger('silent');
  readonly #local: readonly string[];
  readonly #listen: readonly string[];
  readonly #announced: readonly string[];

  constructor(options: DoctorContext, found: (finding: Finding) => void) {
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
    const pipes = checkPipePorts(config.cluster, this.#listen[0] ?? '127.0.0.1');
    const others = [
      this.#verdict('storage', checkStorage(env)),
      this.#verdict('ports', pipes, 'between replicas'),
      this.#recording(),
    ];
    const attempts = await this.#media();
    const bounds = await clockBounds(attempts);
    const clocks = [await redis, await web].flatMap(({ clock }) => clock ?? []);
    this.#report('clock', diagnoseClock(clocks, bounds));
    await Promise.all(others);
  }

  async #recording(): Promise<void> {
    for (const { verdict, subject } of await checkRecording(this.#options.config, this.#log)) {
      this.#report('recording', verdict, subject);
    }
  }

  /** Workers, addresses and TURN servers: each check needs the one before. */
  async #media(): Promise<TurnAttempt[]> {
    const turn = await this.#turnServers();
    const stun = Promise.all(
      turn.stun.map((server) => this.#verdict('turn', tryStunServer(server), server)),
    );
    const stunUrls = [...turn.stun, ...turn.servers.flatMap(({ urls }) => urls)];
    const { media, seen } = await this.#openMedia(stunUrls);
    try {
      const attempts = await tryTurnServers(turn.servers, media.ports[0]?.udp);
      const closed = await this.#addresses(media.ports, relayOf(attempts), seen);
      this.#turn(attempts, closed, turn);
      await stun;
      return attempts;
    } finally {
      media.close();
    }
  }

  /** The media ports of a running Parley, where there is one; else of our own workers. */
  async #openMedia(
    stunUrls: readonly string[],
  ): Promise<{ media: Media; seen: AddressFacts['seen'] }> {
    const { config, env, url } = this.#options;
    const count = Math.min(config.media.workers, MAX_WORKERS);
    const [mediaPorts, httpPort, metricsPort] = await Promise.all([
      checkMediaPorts(config.media, this.#listen, count),
      checkHttpPort(config.http),
      checkMetricsPort(config),
    ]);
    this.#report('ports', mediaPorts.verdict, 'of media');
    this.#report('ports', httpPort.verdict, 'of the web server');
    if (metricsPort) this.#report('ports', metricsPort.verdict, 'of the metrics');
    const isRunning = mediaPorts.running || httpPort.running || url !== undefined;
    const { port } = config.media;
    // Before the workers start: they need the port that the STUN server is asked from.
    const seen = await seenFrom(stunUrls, {
      address: this.#listen.find(isIPv4) ?? this.#listen[0] ?? '0.0.0.0',
      port: port !== undefined && port > 0 && mediaPorts.free ? port : undefined,
    });
    const [running, own] = await Promise.all([
      isRunning ? this.#running() : undefined,
      checkWorker({
        ...{ media: config.media, count, env, listen: this.#listen, announced: this.#announced },
        ...{ elsewhere: !mediaPorts.free, log: this.#log },
      }),
    ]);
    this.#report('worker', own.verdict);
    const close = () => {
      running?.close();
      own.media?.close();
    };
    if (running) return { media: { ports: running.ports, close }, seen };
    // A firewall may let only the configured ports through.
    const usable = mediaPorts.free ? (own.media?.targets ?? []) : [];
    const ports = usable.map(({ port, target }) => ({ port, udp: target, tcp: target }));
    return { media: { ports, close }, seen };
  }

  #running() {
    const { config, url } = this.#options;
    const base = new URL(url ?? localUrls(config.http, { names: true })[0]);
    const ours = [...this.#listen, ...this.#announced];
    return runningMedia({ base, authToken: config.access.authToken, ours });
  }

  /** @returns whether media is known not to be reachable */
  async #addresses(
    ports: readonly MediaPort[],
    relay: Relay | undefined,
    seen: AddressFacts['seen'],
  ): Promise<boolean> {
    const announced = this.#announced.length > 0;
    const { protocols, port: firstPort = 0 } = this.#options.config.media;
    // A private address cannot be tried from outside, and clients outside cannot reach it.
    const isInside = !announced && !relay && !seen && !this.#listen.some(isPublic);
    const verdicts = await Promise.all(
      (announced ? this.#announced : this.#listen).map(async (address) => {
        const options = { address, announced, protocols, ports, firstPort, relay, seen };
        const facts = await addressFacts({ ...options, local: this.#local });
        const verdict = worst(facts.map(diagnoseAddress));
        const blind = isInside && verdict.state === 'ok';
        this.#report('address', blind ? privateOnly(address) : verdict, address);
        return verdict;
      }),
    );
    return verdicts.every(({ state, cause }) => state === 'failed' || cause === 'not_announced');
  }

  #turn(
    attempts: readonly TurnAttempt[],
    mediaIsClosed: boolean,
    { overridden, ignored, sourceOf, store, problem }: ConfiguredTurn,
  ): void {
    for (const sentence of ignored) this.#report('turn', ignoredSetting(sentence));
    for (const id of overridden) this.#report('turn', overriddenBy(id), id);
    for (const { server, url, result, lasting } of attempts) {
      const { id, auth } = server;
      const facts = { url, auth: auth.kind, id, source: sourceOf(server) };
      const seen = { result, lasting, mediaIsClosed };
      this.#report('turn', diagnoseTurn({ ...facts, ...seen }), url);
    }
    if (problem) this.#report('turn', problem);
    else if (attempts.length === 0) this.#report('turn', noTurnServer(store));
  }

  /** The TURN servers of our own environment, and those in the store. */
  async #turnServers(): Promise<ConfiguredTurn> {
    const { config } = this.#options;
    let store: StoreState = config.store.url === undefined ? 'none' : 'read';
    try {
      const shared = await turnServersInStore(config, this.#log).catch(() => {
        // The check of the store reports the error.
        store = 'unread';
        return [];
      });
      return { ...turnInUse(config, shared), store, problem: undefined };
    } catch (error) {
      const problem = failed('configuration', reasonOf(error), 'Correct the TURN_* variables.');
      const none = { servers: [], stun: [], overridden: [], ignored: [] };
      return { ...none, sourceOf: () => 'elsewhere', store, problem };
    }
  }

  async #check<T extends { verdict: Verdict }>(check: Finding['check'], result: Promise<T>) {
    const done = await result;
    this.#report(check, done.verdict);
    return done;
  }

  async #verdict(check: Finding['check'], verdict: Promise<Verdict>, subject?: string) {
    this.#report(check, await verdict, subject);
  }

  #report(check: Finding['check'], verdict: Verdict, subject?: string): void {
    this.#found({ check, ...(subject !== undefined && { subject }), ...verdict });
  }
}

/** The media port with the worst finding. A cause that all ports share is reported once. */
function worst(verdicts: readonly Verdict[]): Verdict {
  const order = ['failed', 'warning', 'skipped', 'ok'];
  const [first] = [...verdicts].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return first ?? skipped('There is no media port.');
}
