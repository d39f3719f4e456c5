// Events of media nodes, read once each: those of a room, and those that are addressed to this replica.
import { randomUUID } from 'node:crypto';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Bus, Closer } from '../../cluster/cluster.ts';
import {
  AddressedEnvelope,
  MEDIA_EVENTS,
  MediaEnvelope,
  type MediaEvent,
  type MediaEventData,
  mediaTopic,
  replicaTopic,
} from '../../cluster/messages/media.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';

export type MediaListener = <K extends MediaEvent>(event: K, data: MediaEventData<K>) => void;

export interface MediaEventsOptions {
  bus: Pick<Bus, 'subscribe'>;
  resources: Resources;
  log: Logger;
}

const SUBSCRIBE = { firstMs: 500, maxMs: 10_000 };

export class MediaEvents {
  readonly #options: MediaEventsOptions;
  readonly #id = randomUUID();
  readonly #retry: Retry;
  #onAddressed: (room: string) => MediaListener | undefined = () => undefined;
  #subscribing: Promise<Closer | undefined> = Promise.resolve(undefined);
  #listening = false;
  #closed = false;

  constructor(options: MediaEventsOptions) {
    this.#options = options;
    this.#retry = new Retry({ ...SUBSCRIBE, resources: options.resources });
  }

  /** Where nodes send events of a session to this replica. Undefined until it listens: then they send them to the room. */
  get replica(): string | undefined {
    return this.#listening ? this.#id : undefined;
  }

  /**
   * Listens for events that are addressed to this replica, from now on.
   * @param listenerOf undefined where the room has no session here any more
   */
  async start(listenerOf: (room: string) => MediaListener | undefined): Promise<void> {
    this.#onAddressed = listenerOf;
    this.#subscribing = this.#subscribe();
    await this.#subscribing;
  }

  /** Events that concern a room, or a participant whose replica the node does not know. */
  subscribe(room: string, listener: MediaListener): Promise<Closer> {
    return this.#options.bus.subscribe(mediaTopic(room), (message) =>
      this.#read(() => deliver(parse(MediaEnvelope, message), listener)),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listening = false;
    this.#retry.reset();
    const subscription = await this.#subscribing;
    await subscription?.close().catch(() => {});
  }

  async #subscribe(): Promise<Closer | undefined> {
    const { bus, log } = this.#options;
    try {
      const subscription = await bus.subscribe(replicaTopic(this.#id), (message) =>
        this.#read(() => {
          const envelope = parse(AddressedEnvelope, message);
          const listener = this.#onAddressed(envelope.room);
          if (listener) deliver(envelope, listener);
        }),
      );
      this.#listening = !this.#closed;
      return subscription;
    } catch (err) {
      log.warn({ err }, 'events for this replica were not subscribed to yet');
      if (!this.#closed) {
        this.#retry.later(() => {
          this.#subscribing = this.#subscribe();
        });
      }
      return undefined;
    }
  }

  /** Events that do not parse are logged and dropped. */
  #read(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.#options.log.error({ err: error }, 'a media event could not be read');
    }
  }
}

function deliver({ event, data }: { event: string; data: unknown }, listener: MediaListener): void {
  if (!Object.hasOwn(MEDIA_EVENTS, event)) throw new ParleyError('unknown_method');
  const name = event as MediaEvent;
  listener(name, parse(MEDIA_EVENTS[name], data) as MediaEventData<typeof name>);
}
