// The media of one participant on one media session: both transports, what is sent and what is received.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParleyError } from '../../../shared/errors.ts';
import { type Consumer, unpacked } from '../../../shared/protocol/consumers.ts';
import type { Demand, MediaOffer } from '../../../shared/protocol/media-messages.ts';
import type { MethodName, MethodParams } from '../../../shared/protocol/protocol.ts';
import { PUBLISH_ATTEMPTS, PUBLISH_RETRY_MS } from '../../sdk/media/encodings/publications.ts';
import { highestLayer, newerDemand } from '../../sdk/media/layers/demanded-layers.ts';
import { Receiver, type ReceiverOptions } from './receiver.ts';
import type { Sender } from './sender.ts';
import { Transport } from './transport.ts';

export interface MediaSessionOptions extends ReceiverOptions {
  offer: MediaOffer;
  /** Undefined for a participant who publishes nothing. */
  sender: Sender | undefined;
  /** What is received is counted. */
  isCounted: boolean;
  /**
   * The socket keeps the order. Never rejects.
   *
   * @returns what it was refused with; `unreachable` when the socket was lost
   */
  request<K extends MethodName>(
    method: K,
    params: MethodParams<K>,
  ): Promise<ParleyError | undefined>;
  /** Our tracks are received here from now on, as far as the server takes them. */
  onSending(): void;
  /** A transport failed. Called once. */
  onFailed(): void;
}

const REPORT_EVERY_MS = 1_000;

export class MediaSession {
  readonly #options: MediaSessionOptions;
  readonly #receiver: Receiver;
  readonly #recv: Transport;
  readonly #send: Transport | undefined;
  readonly #reports: ReturnType<typeof setInterval>;
  /** Our tracks that the server has answered for. */
  readonly #answered = new Set<string>();
  #demand: Demand | undefined;
  #failed = false;
  #closed = false;

  /** @throws ParleyError `media_failed` for an offer that cannot be used */
  constructor(options: MediaSessionOptions) {
    this.#options = options;
    const { offer, sender } = options;
    this.#demand = offer.demand;
    this.#receiver = new Receiver(options);
    this.#recv = new Transport({
      direction: 'recv',
      description: offer.recv,
      onPacket: options.isCounted ? (packet) => this.#receiver.onPacket(packet) : undefined,
      onOpen() {},
      onFailed: () => this.#onFailed(),
    });
    this.#send =
      sender &&
      new Transport({
        direction: 'send',
        description: offer.send,
        onPacket: (packet) => sender.onControl(packet),
        onOpen: () => {
          sender.start();
          this.#onSending();
        },
        onFailed: () => this.#onFailed(),
      });
    for (const consumer of unpacked(offer)) this.#receiver.add(consumer);
    this.#reports = setInterval(() => this.#report(), REPORT_EVERY_MS);
  }

  get epoch(): number {
    return this.#options.offer.epoch;
  }

  get receiver(): Receiver {
    return this.#receiver;
  }

  /** Whether it carries our tracks, and the server has answered for all of them; or there are none. */
  get isSending(): boolean {
    const { sender } = this.#options;
    if (!sender || !this.#send) return true;
    return this.#send.isOpen && sender.tracks.every((trackId) => this.#answered.has(trackId));
  }

  /** What is received of our tracks here. Undefined: everything, as far as the server says. */
  demanded(demand: Demand | undefined): void {
    this.#demand = newerDemand(this.#demand, demand);
  }

  highestLayer(trackId: string): number {
    return highestLayer(this.#demand, trackId);
  }

  /** Says what the server needs of us. It may be said again after a lost socket. */
  announce(): void {
    const { request, sender } = this.#options;
    const { epoch } = this;
    const connect = (direction: 'send' | 'recv', { dtlsParameters }: Transport) =>
      request('connect', { epoch, direction, dtlsParameters });
    connect('recv', this.#recv);
    if (!this.#send || !sender) return;
    connect('send', this.#send);
    for (const publication of sender.publications(epoch)) void this.#publish(publication);
  }

  /** New ones are announced as ready: nothing has to be prepared for them. */
  add(consumers: readonly Consumer[]): void {
    for (const consumer of consumers) this.#receiver.add(consumer);
    const waiting = consumers.filter((one) => one.waiting).map((one) => one.consumerId);
    if (waiting.length === 0) return;
    this.#options.request('ready', { epoch: this.epoch, consumerIds: waiting });
  }

  /** @returns whether it was sent */
  send(packet: Buffer): boolean {
    return this.#send?.send(packet) ?? false;
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#reports);
    this.#recv.close();
    this.#send?.close();
  }

  /** As the SDK does, it is said again when it was refused for the moment. A lost socket says it again by itself. */
  async #publish(publication: MethodParams<'publish'>, attempt = 1): Promise<void> {
    const refusal = await this.#options.request('publish', publication);
    if (this.#closed || refusal?.code === 'unreachable') return;
    if (refusal?.retryable && attempt < PUBLISH_ATTEMPTS) {
      await sleep(PUBLISH_RETRY_MS);
      if (!this.#closed) await this.#publish(publication, attempt + 1);
      return;
    }
    this.#answered.add(publication.trackId);
    this.#onSending();
  }

  #onSending(): void {
    if (this.isSending) this.#options.onSending();
  }

  #report(): void {
    for (const report of this.#receiver.reports()) this.#recv.send(report);
  }

  #onFailed(): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailed();
  }
}
