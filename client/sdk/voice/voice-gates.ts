// The gates of our microphones, in a worker. There is neither in a small room: they are made when the server begins to
// choose voices.
import type { VoicesHeard } from '../../../shared/protocol/media-messages.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

export interface VoiceGatesOptions {
  request(method: 'speaking', params: MethodParams<'speaking'>): Promise<unknown>;
  /** Microphones need gates from now on, or need them no longer. */
  onChange(): void;
  /** What is sent through the worker does not leave this computer any more: other senders are needed. */
  onBroken(): void;
}

interface Gate {
  readonly epoch: number;
  readonly trackId: string;
  readonly port: MessagePort;
}

/** A script of our own server. Without it microphones are sent at once. */
const START_MS = 3_000;

export class VoiceGates {
  readonly #options: VoiceGatesOptions;
  readonly #gates = new Map<RTCRtpSender, Gate>();
  #worker: Worker | undefined;
  #starting: Promise<void> | undefined;
  #isReady = false;
  #isChosen = false;
  /** A browser without these transforms sends at once. So does one whose worker failed. */
  #isPossible = 'RTCRtpScriptTransform' in globalThis;

  constructor(options: VoiceGatesOptions) {
    this.#options = options;
  }

  /** Whether microphones need gates. */
  get areWanted(): boolean {
    return this.#isChosen && this.#isPossible;
  }

  has(sender: RTCRtpSender | undefined): boolean {
    return sender !== undefined && this.#gates.has(sender);
  }

  /** @param voices undefined: the server does not say, as one of an older release */
  choose(voices: VoicesHeard | undefined): void {
    const isChosen = voices === 'chosen';
    if (isChosen === this.#isChosen) return;
    this.#isChosen = isChosen;
    for (const { port } of this.#gates.values()) say(port, { type: 'chosen', isChosen });
    if (this.#isPossible) this.#options.onChange();
  }

  /** Resolves when gates can be made, or when they never can. */
  prepare(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Gives a sender a gate where one is wanted. It has to be called in the turn in which the sender is made: Chromium
   * sends past a transform that comes later.
   *
   * @returns a function for when the sender ends
   */
  add(sender: RTCRtpSender, epoch: number, trackId: string): () => void {
    const worker = this.#worker;
    if (!worker || !this.#isReady || !this.areWanted) return () => {};
    const { port1: port, port2 } = new MessageChannel();
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === 'speaking') this.#claim(epoch, trackId);
    };
    sender.transform = new RTCRtpScriptTransform(worker, { port: port2 }, [port2]);
    this.#gates.set(sender, { epoch, trackId, port });
    return () => {
      this.#gates.delete(sender);
      port.close();
    };
  }

  /** Others receive the track now, or are not waited for. */
  letGo(epoch: number, trackId: string): void {
    for (const gate of this.#gates.values()) {
      if (gate.epoch === epoch && gate.trackId === trackId) say(gate.port, { type: 'letGo' });
    }
  }

  /** Idempotent. */
  close(): void {
    this.#isPossible = false;
    for (const { port } of this.#gates.values()) port.close();
    this.#gates.clear();
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #claim(epoch: number, trackId: string): void {
    // A refused voice waits for no listener. Without a socket the server finds out by itself who speaks.
    const begun = this.#options.request('speaking', { epoch, trackId });
    begun.catch(() => this.letGo(epoch, trackId));
  }

  async #start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), START_MS);
    try {
      // Vite bundles the worker where it finds these words together.
      const worker = new Worker(new URL('./encoded-worker.ts', import.meta.url), {
        type: 'module',
      });
      this.#worker = worker;
      worker.addEventListener('message', () => resolve(true));
      worker.addEventListener('error', () => {
        resolve(false);
        if (this.#isReady) this.#fail();
      });
    } catch {
      resolve(false);
    }
    this.#isReady = await promise;
    clearTimeout(timer);
    if (!this.#isReady) this.#fail();
  }

  #fail(): void {
    if (!this.#isPossible) return;
    const isInUse = this.#gates.size > 0;
    this.close();
    if (isInUse) this.#options.onBroken();
  }
}

function say(port: MessagePort, message: ToWorker): void {
  port.postMessage(message);
}
