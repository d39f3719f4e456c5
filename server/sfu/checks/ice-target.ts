// A media port that answers ICE checks while probes need one, for relays and announced addresses.
import type { WebRtcTransport } from 'mediasoup/types';
import type { Config } from '../../config/config.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { IceTarget } from '../../turn/probe/probe.ts';
import { countWhileOpen } from '../workers/count.ts';
import type { LiveWorker } from '../workers/worker-pool.ts';

export interface IceTargetsOptions {
  workers(): readonly LiveWorker[];
  protocols: Config['media']['protocols'];
  /** A worker that takes longer hangs without being dead. The next one is asked. */
  openMs: number;
  /** Longer than any probe takes: while they follow each other closely, one target serves them all. */
  keptMs: number;
  resources: Resources;
}

interface OpenTarget {
  readonly target: IceTarget;
  readonly transport: WebRtcTransport;
  close(): void;
}

export class IceTargets {
  readonly #options: IceTargetsOptions;
  #open: Promise<OpenTarget> | undefined;
  #ending: Timer | undefined;
  #closed = false;
  /** Workers that did not open one in time: the next one is asked. */
  #passed = 0;

  constructor(options: IceTargetsOptions) {
    this.#options = options;
  }

  /**
   * Answers for at least the duration of a probe. @returns undefined while there is no worker, or if the one
   * asked hangs
   */
  async target(): Promise<IceTarget | undefined> {
    const workers = this.#options.workers();
    const worker = workers[this.#passed % workers.length];
    if (!worker || this.#closed) return undefined;
    const opening = this.#of(worker);
    const waitedFor = this.#open;
    if (!(await this.#options.resources.atMost(this.#options.openMs, opening))) {
      // Another waiting probe may have seen it first.
      if (this.#open === waitedFor) {
        this.#passed += 1;
        this.#end();
      }
      return undefined;
    }
    const open = await opening;
    if (this.#closed) return undefined;
    this.#ending?.close();
    this.#ending = this.#options.resources.after(this.#options.keptMs, () => this.#end());
    return open.target;
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#end();
  }

  async #of(worker: LiveWorker): Promise<OpenTarget> {
    this.#open ??= this.#start(worker);
    const open = this.#open;
    const opened = await open;
    if (!opened.transport.closed) return opened;
    // Its worker has died.
    if (this.#open === open) this.#open = undefined;
    return this.#of(worker);
  }

  #start(worker: LiveWorker): Promise<OpenTarget> {
    const opening = openTarget(worker, this.#options);
    opening.then(
      (target) => this.#closed && target.close(),
      () => {
        if (this.#open === opening) this.#open = undefined;
      },
    );
    return opening;
  }

  #end(): void {
    this.#ending?.close();
    this.#ending = undefined;
    this.#open?.then(
      (target) => target.close(),
      () => {},
    );
    this.#open = undefined;
  }
}

/** One transport on a worker's media port. No client connects to it: it answers ICE checks with its user name. */
export async function openTarget(
  { worker, server }: LiveWorker,
  { protocols, resources }: Pick<IceTargetsOptions, 'protocols' | 'resources'>,
): Promise<OpenTarget> {
  const router = await worker.createRouter();
  countWhileOpen(resources, 'router', router);
  try {
    const transport = await router.createWebRtcTransport({
      webRtcServer: server,
      enableUdp: protocols.includes('udp'),
      enableTcp: protocols.includes('tcp'),
    });
    countWhileOpen(resources, 'transport', transport);
    const { iceParameters, iceCandidates } = transport;
    const target: IceTarget = {
      candidates: iceCandidates.map(({ address, port, protocol }) => ({ address, port, protocol })),
      usernameFragment: iceParameters.usernameFragment,
      password: iceParameters.password,
    };
    return {
      target,
      transport,
      close() {
        // With the router alone mediasoup would keep the transport for its WebRTC server.
        transport.close();
        router.close();
      },
    };
  } catch (error) {
    router.close();
    throw error;
  }
}
