// A room's subscription to a topic: repeated until it succeeds, and each message is parsed.
import type * as v from 'valibot';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Bus, Closer } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import { Retry, type RetryOptions } from '../../telemetry/retry.ts';

export interface TopicSubscriptionOptions<S extends v.GenericSchema> extends RetryOptions {
  bus: Pick<Bus, 'subscribe'>;
  topic: string;
  schema: S;
  /** Not called after `close`. */
  onMessage(message: v.InferOutput<S>): void;
  log: Logger;
}

export class TopicSubscription<S extends v.GenericSchema> {
  readonly #options: TopicSubscriptionOptions<S>;
  readonly #retry: Retry;
  #subscribing: Promise<Closer | undefined>;
  #closed = false;

  constructor(options: TopicSubscriptionOptions<S>) {
    this.#options = options;
    this.#retry = new Retry(options);
    this.#subscribing = this.#subscribe();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry.reset();
    await this.#subscribing.then((subscription) => subscription?.close()).catch(() => {});
  }

  async #subscribe(): Promise<Closer | undefined> {
    const { bus, topic, log } = this.#options;
    try {
      return await bus.subscribe(topic, (message) => this.#onMessage(message));
    } catch (err) {
      log.warn({ err, topic }, 'a subscription failed');
      if (!this.#closed) {
        this.#retry.later(() => {
          this.#subscribing = this.#subscribe();
        });
      }
      return undefined;
    }
  }

  #onMessage(message: unknown): void {
    if (this.#closed) return;
    const { topic, schema, onMessage, log } = this.#options;
    try {
      onMessage(parse(schema, message));
    } catch (err) {
      log.error({ err, topic }, 'a message could not be read');
    }
  }
}
